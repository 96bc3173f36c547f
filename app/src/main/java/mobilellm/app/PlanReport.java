package mobilellm.app;

import mobilellm.config.Footprint;
import mobilellm.config.KvType;
import mobilellm.config.ModelConfig;
import mobilellm.engine.SessionOptions;
import mobilellm.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What `plan` tells of models, for people and for programs.
///
/// @param models by name
/// @param context positions of the key/value cache
/// @param keyValueType its element type
/// @param deviceMemory bytes of the device that they are to run on
record PlanReport(
        Map<String, ModelConfig> models,
        int context,
        KvType keyValueType,
        @Nullable Long deviceMemory) {
    private static final List<DType> TYPES =
            List.of(DType.F32, DType.F16, DType.Q8_0, DType.Q5_0, DType.Q4_1, DType.Q4_0);

    /// MobileLLM, section 1: an app should take no more of a phone's memory.
    private static final int BUDGET_DIVISOR = 10;

    /// Whether one model of one type fits.
    ///
    /// @param longest positions for which there is room, at most what the model is trained for
    private record Fit(
            String model,
            DType type,
            long weights,
            long cache,
            long working,
            double share,
            boolean fits,
            long longest) {
        long total() {
            return weights + cache + working;
        }
    }

    void print(Context target) {
        if (target.json()) {
            target.output().json(json());
            return;
        }
        if (models.size() == 1) {
            models.forEach((name, config) -> page(name, config).forEach(target.output()::line));
        }
        if (deviceMemory != null) {
            fitPage(deviceMemory).forEach(target.output()::line);
        }
    }

    private Map<String, Object> json() {
        Map<String, Object> object = new LinkedHashMap<>();
        if (models.size() == 1) {
            models.forEach((name, config) -> object.putAll(json(name, config)));
        }
        object.put("context", context);
        object.put("kv", name(keyValueType.type()));
        if (deviceMemory != null) {
            object.put("device_memory", deviceMemory);
            object.put("budget", deviceMemory / BUDGET_DIVISOR);
            object.put("fits", fits(deviceMemory).stream().map(PlanReport::json).toList());
        }
        return object;
    }

    private static Map<String, Object> json(String name, ModelConfig config) {
        Footprint footprint = new Footprint(config);
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", name);
        object.put("layers", config.layers());
        object.put("executed_layers", config.plan().visits().size());
        object.put("hidden_size", config.hiddenSize());
        object.put("intermediate_size", config.intermediateSize());
        object.put("heads", config.heads());
        object.put("kv_heads", config.keyValueHeads());
        object.put("head_dim", config.headDim());
        object.put("vocabulary", config.vocabularySize());
        object.put("tied", config.tiedEmbedding());
        object.put("parameters", config.parameters());
        object.put(
                "parameters_without_embedding", config.parameters() - config.embeddingParameters());
        Map<String, Object> bytes = new LinkedHashMap<>();
        Map<String, Object> mixed = new LinkedHashMap<>();
        for (DType type : types(footprint)) {
            bytes.put(name(type), footprint.weightBytes(type, type));
            if (footprint.isStorable(DType.Q8_0)) {
                mixed.put(name(type), footprint.weightBytes(type, DType.Q8_0));
            }
        }
        object.put("bytes", bytes);
        object.put("bytes_with_q8_0_embedding", mixed);
        Map<String, Object> cache = new LinkedHashMap<>();
        for (KvType type : KvType.fitting(config.headDim())) {
            cache.put(name(type.type()), footprint.cacheBytesPerToken(type));
        }
        object.put("kv_bytes_per_token", cache);
        object.put("working_bytes", footprint.workingBytes(SessionOptions.DEFAULT_PREFILL_CHUNK));
        return object;
    }

    private List<String> page(String name, ModelConfig config) {
        Footprint footprint = new Footprint(config);
        List<String> lines = new ArrayList<>();
        lines.add(name);
        lines.add(
                "  layers          %d stored, %d executed"
                        .formatted(config.layers(), config.plan().visits().size()));
        lines.add(
                "  sizes           %d wide, %d in the feed-forward layer, %d query and %d key/value heads of %d, %s tokens%s"
                        .formatted(
                                config.hiddenSize(),
                                config.intermediateSize(),
                                config.heads(),
                                config.keyValueHeads(),
                                config.headDim(),
                                Text.count(config.vocabularySize()),
                                config.tiedEmbedding() ? "" : ", a head of its own"));
        lines.add(
                "  parameters      %s (%s without the embedding)"
                        .formatted(
                                Text.count(config.parameters()),
                                Text.count(config.parameters() - config.embeddingParameters())));
        for (KvType type : KvType.fitting(config.headDim())) {
            long bytes = footprint.cacheBytesPerToken(type);
            lines.add(
                    "  cache in %-5s  %9s a token, %9s for %s tokens"
                            .formatted(
                                    name(type.type()),
                                    Text.bytes(bytes),
                                    Text.bytes(bytes * context),
                                    Text.count(context)));
        }
        lines.add(
                "  working memory  about "
                        + Text.bytes(footprint.workingBytes(SessionOptions.DEFAULT_PREFILL_CHUNK)));
        lines.add("");
        lines.add("  weights         all in it   embedding in q8_0");
        for (DType type : types(footprint)) {
            lines.add(
                    "  %-13s %11s   %17s"
                            .formatted(
                                    name(type),
                                    Text.bytes(footprint.weightBytes(type, type)),
                                    footprint.isStorable(DType.Q8_0)
                                            ? Text.bytes(footprint.weightBytes(type, DType.Q8_0))
                                            : "-"));
        }
        return lines;
    }

    private List<String> fitPage(long memory) {
        List<String> lines = new ArrayList<>();
        if (models.size() == 1) {
            lines.add("");
        }
        lines.add(
                "A tenth of %s is %s; %s tokens, keys and values in %s; Java itself is not counted."
                        .formatted(
                                Text.bytes(memory),
                                Text.bytes(memory / BUDGET_DIVISOR),
                                Text.count(context),
                                name(keyValueType.type())));
        lines.add(
                "model         type    weights      cache    working      total   share   fits "
                        + " longest context");
        for (Fit fit : fits(memory)) {
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "%-13s %-5s %9s  %9s  %9s  %9s  %4.1f %%  %5s  %15s",
                            fit.model,
                            name(fit.type),
                            Text.bytes(fit.weights),
                            Text.bytes(fit.cache),
                            Text.bytes(fit.working),
                            Text.bytes(fit.total()),
                            100 * fit.share,
                            fit.fits ? "yes" : "no",
                            Text.count(fit.longest)));
        }
        return lines;
    }

    private List<Fit> fits(long memory) {
        List<Fit> fits = new ArrayList<>();
        models.forEach(
                (name, config) -> {
                    Footprint footprint = new Footprint(config);
                    for (DType type : types(footprint)) {
                        fits.add(fit(name, footprint, type, memory));
                    }
                });
        return fits;
    }

    private Fit fit(String name, Footprint footprint, DType type, long memory) {
        long budget = memory / BUDGET_DIVISOR;
        long perToken = footprint.cacheBytesPerToken(keyValueType);
        long weights = footprint.weightBytes(type, type);
        long working = footprint.workingBytes(SessionOptions.DEFAULT_PREFILL_CHUNK);
        long total = weights + context * perToken + working;
        long room = Math.max(0, budget - weights - working) / perToken;
        return new Fit(
                name,
                type,
                weights,
                context * perToken,
                working,
                (double) total / memory,
                total <= budget,
                Math.min(room, footprint.config().contextLength()));
    }

    private static Map<String, Object> json(Fit fit) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("model", fit.model);
        object.put("type", name(fit.type));
        object.put("weight_bytes", fit.weights);
        object.put("cache_bytes", fit.cache);
        object.put("working_bytes", fit.working);
        object.put("total_bytes", fit.total());
        object.put("share", fit.share);
        object.put("fits", fit.fits);
        object.put("longest_context", fit.longest);
        return object;
    }

    private static List<DType> types(Footprint footprint) {
        return TYPES.stream().filter(footprint::isStorable).toList();
    }

    private static String name(DType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
