package mobilellm.app;

import mobilellm.config.Attention;
import mobilellm.config.FeedForward;
import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.ModelPresets;
import mobilellm.config.Rope;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/// `mobilellm plan --preset 125M|--layers N --dim N --heads N|--table paper|--device-memory SIZE`
@Command(
        description = {
            "Counts parameters and bytes of a model before any weights exist: of a published one"
                    + " (--preset) or of any sizes. With --device-memory: what fits on a device."
        },
        footer = {
            "  mobilellm plan --preset LS-125M",
            "  mobilellm plan --layers 30 --dim 576 --heads 9 --kv-heads 3 --device-memory 6GB"
        })
final class PlanVerb implements Verb {
    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description =
                    "125M, 350M, 600M, 1B, 1.5B, LS-125M, LS-350M, smollm2-135m or smollm2-360m")
    @Nullable String preset;

    @Option(
            names = "--layers",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "stored blocks")
    @Nullable Integer layers;

    @Option(
            names = "--dim",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "width of the residual stream")
    @Nullable Integer dim;

    @Option(
            names = "--heads",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "query heads")
    @Nullable Integer heads;

    @Option(
            names = "--kv-heads",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "key/value heads (default: as many as query heads)")
    @Nullable Integer keyValueHeads;

    @Option(
            names = "--head-dim",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "width of a head (default: dim / heads)")
    @Nullable Integer headDim;

    @Option(
            names = "--hidden",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description =
                    "width of the feed-forward layer (default: 8/3 dim, up to a multiple of 256)")
    @Nullable Integer hidden;

    @Option(
            names = "--vocabulary",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "tokens (default: 32000)")
    @Nullable Integer vocabulary;

    @Option(names = "--untied", description = "the output head is a matrix of its own")
    boolean untied;

    @Option(
            names = "--sharing",
            paramLabel = "STRATEGY:REPEATS:CACHE",
            converter = SharingConverter.class,
            description = "layer sharing, such as immediate:2:own")
    @Nullable LayerSharing sharing;

    @Option(
            names = "--context",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "positions of the key/value cache (default: 2048)")
    int context = 2048;

    @Option(
            names = "--kv",
            paramLabel = "TYPE",
            converter = KeyValueTypeConverter.class,
            description = "element type of the key/value cache: f16, f32 or q8_0 (default: f16)")
    String keyValueType = "f16";

    @Option(
            names = "--device-memory",
            paramLabel = "SIZE",
            converter = Converters.Bytes.class,
            description = "memory of a device, such as 6GB: tells what fits into a tenth of it")
    @Nullable Long deviceMemory;

    @Option(
            names = "--table",
            paramLabel = "paper",
            description = "figures of the MobileLLM paper beside ours")
    @Nullable String table;

    @Override
    public void run(Context context) {
        check();
        if (table != null) {
            PaperReport.print(context);
            return;
        }
        KvType type = KvType.valueOf(keyValueType.toUpperCase(Locale.ROOT));
        Map<String, ModelConfig> models = models();
        models.values().forEach(model -> checkCache(type, model));
        new PlanReport(models, this.context, type, deviceMemory).print(context);
    }

    private static void checkCache(KvType type, ModelConfig model) {
        if (!type.fits(model.headDim())) {
            throw new UsageException(
                    "a key/value cache in q8_0 takes heads whose width is a multiple of 32, here it is %d: use --kv f16"
                            .formatted(model.headDim()));
        }
    }

    /// The model that is asked for, else all that are published, by name.
    private Map<String, ModelConfig> models() {
        Map<String, ModelConfig> models = new LinkedHashMap<>();
        if (preset != null) {
            models.put(preset, shared(preset(preset)));
        } else if (layers != null) {
            models.put("the model", shared(ofSizes()));
        } else {
            ModelPresets.names().forEach(name -> models.put(name, shared(preset(name))));
        }
        return models;
    }

    private static ModelConfig preset(String name) {
        return ModelPresets.find(name)
                .orElseThrow(
                        () ->
                                new UsageException(
                                        "--preset: there is no '%s'; there are %s"
                                                .formatted(
                                                        Text.printable(name),
                                                        String.join(", ", ModelPresets.names()))));
    }

    private ModelConfig shared(ModelConfig config) {
        return sharing == null ? config : config.withSharing(sharing);
    }

    private ModelConfig ofSizes() {
        int width = Objects.requireNonNull(dim, "checked");
        int queries = Objects.requireNonNull(heads, "checked");
        try {
            return new ModelConfig(
                    "llama",
                    Objects.requireNonNull(layers, "checked"),
                    width,
                    new Attention(
                            queries,
                            keyValueHeads == null ? queries : keyValueHeads,
                            headDim == null ? headDim(width, queries) : headDim),
                    new FeedForward(hidden == null ? PaperTables.intermediateSize(width) : hidden),
                    vocabulary == null ? PaperTables.VOCABULARY : vocabulary,
                    context,
                    1e-5,
                    new Rope(10_000),
                    !untied,
                    LayerSharing.NONE);
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    private static int headDim(int dim, int heads) {
        if (dim % heads != 0) {
            throw new UsageException(
                    "a dim of %d is no multiple of %d heads: give --head-dim"
                            .formatted(dim, heads));
        }
        return dim / heads;
    }

    /// @throws UsageException if the options contradict each other, or say too little
    private void check() {
        boolean hasSizes =
                untied
                        || Stream.of(layers, dim, heads, keyValueHeads, headDim, hidden, vocabulary)
                                .anyMatch(Objects::nonNull);
        if (Stream.of(preset != null, table != null, hasSizes).filter(given -> given).count() > 1) {
            throw new UsageException("--preset, --table and sizes exclude each other");
        }
        if (table != null && (!table.equals("paper") || deviceMemory != null || sharing != null)) {
            throw new UsageException(
                    "--table: expected paper, without --device-memory and --sharing");
        }
        if (hasSizes && Stream.of(layers, dim, heads).anyMatch(Objects::isNull)) {
            throw new UsageException("sizes need at least --layers, --dim and --heads");
        }
        if (preset == null && !hasSizes && table == null && deviceMemory == null) {
            throw new UsageException(
                    "there is nothing to count: give --preset NAME, or --layers, --dim and --heads,"
                            + " or --device-memory, or --table paper");
        }
    }
}
