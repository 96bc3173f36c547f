package mobilellm.checkpoint;

import mobilellm.config.Attention;
import mobilellm.config.Attention.Bias;
import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.FeedForward;
import mobilellm.config.FeedForward.Activation;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.file.JsonReader;
import mobilellm.file.Printable;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A model's configuration as Transformers writes it, `config.json`.
final class ConfigJson {
    private static final int MOST_BYTES = 16 << 20;
    private static final int MOST_LAYERS = 1024;

    /// What Transformers takes for Llama 4 where the key is missing.
    private static final int LLAMA4_CHUNK = 8192;

    private final Path path;
    private final String text;
    private final Keys keys;
    private final Family family;
    private final ModelConfig config;
    private final List<String> warnings = new ArrayList<>();

    private ConfigJson(Path path, byte[] json) {
        this.path = path;
        this.text = new String(json, StandardCharsets.UTF_8);
        this.keys = new Keys(path.toString(), JsonReader.readObject(json, path.toString()));
        this.family = readFamily();
        ConfigKeys.requireUnderstood(keys, family);
        try {
            this.config = readConfig();
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(path + ": " + e.getMessage(), e);
        }
    }

    /// Reads a configuration.
    static ConfigJson read(Path path) throws IOException {
        byte[] json = WholeFile.read(path, "the configuration of a model", MOST_BYTES);
        return new ConfigJson(path, json);
    }

    /// Reads a configuration that another file holds.
    ///
    /// @param path for messages
    static ConfigJson parse(String text, Path path) {
        return new ConfigJson(path, text.getBytes(StandardCharsets.UTF_8));
    }

    /// The whole file.
    String text() {
        return text;
    }

    Path path() {
        return path;
    }

    Family family() {
        return family;
    }

    ModelConfig config() {
        return config;
    }

    Keys keys() {
        return keys;
    }

    List<String> warnings() {
        return warnings;
    }

    private Family readFamily() {
        String type = keys.string("model_type");
        for (Family family : Family.values()) {
            if (family.modelType().equals(type)) {
                return family;
            }
        }
        throw keys.unsupported(
                "model_type",
                "is %s; supported are %s".formatted(Printable.quote(type), Family.names()));
    }

    private ModelConfig readConfig() {
        int layers = keys.size("num_hidden_layers");
        if (layers > MOST_LAYERS) {
            throw keys.malformed(
                    "num_hidden_layers", "is " + layers + ", expected at most " + MOST_LAYERS);
        }
        int hiddenSize = keys.size("hidden_size");
        int contextLength =
                keys.optionalSize("max_position_embeddings").orElse(family.contextLength());
        requireSameLayers(layers, contextLength);
        return new ModelConfig(
                family.modelType(),
                layers,
                hiddenSize,
                attention(hiddenSize),
                feedForward(),
                keys.size("vocab_size"),
                contextLength,
                keys.optionalNumber("rms_norm_eps").orElse(family.rmsNormEpsilon()),
                new RopeReader(keys, family.ropeTheta(), contextLength).read(),
                tiedEmbedding(),
                sharing());
    }

    private Attention attention(int hiddenSize) {
        int heads = keys.size("num_attention_heads");
        if (keys.optionalSize("head_dim").isEmpty()
                && family.headDim().isEmpty()
                && hiddenSize % heads != 0) {
            throw keys.malformed(
                    "num_attention_heads",
                    "is %d, which does not divide the hidden size %d, and 'head_dim' is missing"
                            .formatted(heads, hiddenSize));
        }
        int headDim =
                keys.optionalSize("head_dim").orElse(family.headDim().orElse(hiddenSize / heads));
        if ((long) heads * headDim > Integer.MAX_VALUE) {
            throw keys.malformed(
                    "head_dim", "is %d, too large for %d heads".formatted(headDim, heads));
        }
        return new Attention(
                heads,
                keys.optionalSize("num_key_value_heads").orElse(heads),
                headDim,
                bias(),
                norm());
    }

    private Bias bias() {
        if (family == Family.QWEN2) {
            return Bias.QUERY_KEY_VALUE;
        }
        return flag("attention_bias", false) ? Bias.ALL : Bias.NONE;
    }

    private QueryKeyNorm norm() {
        boolean none = family == Family.LLAMA4 && !flag("use_qk_norm", true);
        return none ? QueryKeyNorm.NONE : family.norm();
    }

    private FeedForward feedForward() {
        String sizeKey = family == Family.LLAMA4 ? "intermediate_size_mlp" : "intermediate_size";
        String name = keys.optionalString("hidden_act").orElse("silu");
        boolean gated = flag("mlp_gated", true);
        Activation activation =
                switch (name) {
                    case "silu", "swish" -> Activation.SWIGLU;
                    case "relu" -> Activation.RELU;
                    default ->
                            throw keys.unsupported(
                                    "hidden_act",
                                    "is %s; supported are 'silu', and 'relu' without a gate"
                                            .formatted(Printable.quote(name)));
                };
        if (gated != (activation == Activation.SWIGLU)) {
            throw keys.unsupported(
                    "hidden_act",
                    "is %s and 'mlp_gated' is %b; supported are 'silu' with a gate and 'relu' without"
                            .formatted(Printable.quote(name), gated));
        }
        return new FeedForward(keys.size(sizeKey), activation, flag("mlp_bias", false));
    }

    /// `share_embedding` is MobileLLM's own flag; its releases say `tie_word_embeddings` false although they are tied.
    private boolean tiedEmbedding() {
        boolean shared = flag("share_embedding", family == Family.MOBILELLM);
        return shared || flag("tie_word_embeddings", false);
    }

    private LayerSharing sharing() {
        if (family == Family.MOBILELLM && keys.optionalFlag("layer_sharing").isEmpty()) {
            warnings.add(
                    path
                            + ": does not say whether layers are shared ('layer_sharing'); each"
                            + " block is run once; of a MobileLLM-LS, set it to true");
        }
        if (!flag("layer_sharing", false)) {
            for (String key : keys.all().keySet()) {
                if (key.startsWith("layer_sharing_")) {
                    throw keys.malformed(key, "is there, but 'layer_sharing' is not true");
                }
            }
            return LayerSharing.NONE;
        }
        LayerSharing.Strategy strategy =
                keys.optionalConstant(LayerSharing.Strategy.class, "layer_sharing_strategy")
                        .orElse(LayerSharing.Strategy.IMMEDIATE);
        return new LayerSharing(
                strategy,
                keys.optionalSize("layer_sharing_repeats").orElse(2),
                keys.optionalConstant(LayerSharing.Cache.class, "layer_sharing_cache")
                        .orElse(LayerSharing.Cache.OWN));
    }

    private boolean flag(String key, boolean otherwise) {
        return keys.optionalFlag(key).orElse(otherwise);
    }

    /// Refuses layers that differ from each other in kind.
    private void requireSameLayers(int layers, int contextLength) {
        int chunk =
                family == Family.LLAMA4
                        ? keys.optionalSize("attention_chunk_size").orElse(LLAMA4_CHUNK)
                        : 0;
        if (family == Family.LLAMA4) {
            requireOneKind(layers, "no_rope_layers", List.of(1), true);
            if (!keys.optionalList("moe_layers").map(List::isEmpty).orElse(false)) {
                throw keys.unsupported(
                        "moe_layers",
                        "is not an empty list; layers with experts are not supported");
            }
        }
        // Below the length of a chunk, attention in chunks is full attention.
        List<Object> kinds =
                chunk >= contextLength
                        ? List.of("full_attention", "chunked_attention")
                        : List.of("full_attention");
        requireOneKind(
                layers, "layer_types", kinds, family == Family.LLAMA4 && chunk < contextLength);
    }

    private void requireOneKind(int layers, String key, List<?> allowed, boolean required) {
        if (keys.optionalList(key).isEmpty()) {
            if (required) {
                throw keys.unsupported(key, "is missing, which means layers of several kinds");
            }
            return;
        }
        List<?> kinds = keys.list(key);
        if (kinds.size() != layers) {
            throw keys.malformed(
                    key,
                    "has %d values, expected one for each of %d layers"
                            .formatted(kinds.size(), layers));
        }
        for (Object kind : kinds) {
            if (!allowed.contains(kind)) {
                throw keys.unsupported(
                        key,
                        "has %s; supported is %s"
                                .formatted(Printable.quote(kind.toString()), allowed));
            }
        }
    }
}
