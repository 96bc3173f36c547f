package mobilellm.checkpoint;

import mobilellm.config.Attention;
import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.FeedForward;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.file.Printable;
import mobilellm.gguf.GgufFile;
import mobilellm.tensor.MalformedFileException;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads the configuration of a model from the metadata of a GGUF file.
///
/// Architectures: `llama`, `qwen2` and `qwen3` as llama.cpp has them, and `mobilellm`, which is `llama` with shared blocks,
/// without a gate or with normalised heads; all name their keys with the architecture as prefix. A key under that prefix that is not understood is refused, because it may change what the
/// model computes.
final class GgufConfigReader {
    private static final String SHARED = "mobilellm";
    static final String NORM = "attention.query_key_norm";
    static final String AFTER_ROPE = "after-rope";
    private static final int MOST_LAYERS = 1024;

    private static final Set<String> UNDERSTOOD =
            Set.of(
                    "block_count",
                    "context_length",
                    "embedding_length",
                    "feed_forward_length",
                    "attention.head_count",
                    "attention.head_count_kv",
                    "attention.key_length",
                    "attention.value_length",
                    "attention.layer_norm_rms_epsilon",
                    "rope.freq_base",
                    "rope.dimension_count",
                    "rope.scaling.type",
                    "rope.scaling.factor",
                    "rope.scaling.attn_factor",
                    "rope.scaling.original_context_length",
                    "rope.scaling.finetuned",
                    "rope.scaling.yarn_beta_fast",
                    "rope.scaling.yarn_beta_slow",
                    "vocab_size");

    private static final Set<String> UNDERSTOOD_WHEN_SHARED =
            Set.of(
                    "layer_sharing.strategy",
                    "layer_sharing.repeats",
                    "layer_sharing.cache",
                    "feed_forward.activation",
                    NORM);

    /// Keys of things that we do not have, with the value (as text) that says that the model has none either.
    private static final Map<String, String> ABSENT =
            Map.of(
                    "rope.scale_linear", "1.0",
                    "expert_count", "0",
                    "expert_used_count", "0");

    private final GgufFile file;
    private final Keys keys;

    GgufConfigReader(GgufFile file) {
        this.file = file;
        this.keys = new Keys(file.path().toString(), file.metadata());
    }

    ModelConfig read() {
        Family family = family();
        String architecture = family.modelType();
        String prefix = architecture + ".";
        requireUnderstood(prefix, architecture.equals(SHARED));

        int layers = keys.size(prefix + "block_count");
        if (layers > MOST_LAYERS) {
            throw keys.malformed(
                    prefix + "block_count", "is " + layers + ", expected at most " + MOST_LAYERS);
        }
        int hiddenSize = keys.size(prefix + "embedding_length");
        int heads = keys.size(prefix + "attention.head_count");
        try {
            return new ModelConfig(
                    architecture,
                    layers,
                    hiddenSize,
                    new Attention(
                            heads,
                            keys.optionalSize(prefix + "attention.head_count_kv").orElse(heads),
                            headDim(prefix, hiddenSize, heads),
                            bias(),
                            norm(prefix, family)),
                    new FeedForward(
                            keys.size(prefix + "feed_forward_length"),
                            activation(prefix),
                            has("ffn_up.bias")),
                    vocabularySize(prefix),
                    keys.size(prefix + "context_length"),
                    keys.real(prefix + "attention.layer_norm_rms_epsilon"),
                    new GgufRopeReader(keys, prefix, file.tensor(GgufRopeReader.DIVISORS)).read(),
                    file.tensor(TensorNames.GGUF.outputHeadWeight()).isEmpty(),
                    architecture.equals(SHARED) ? sharing(prefix) : LayerSharing.NONE);
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(file.path() + ": " + e.getMessage(), e);
        }
    }

    private Family family() {
        String key = "general.architecture";
        String architecture = keys.string(key);
        return Family.ofArchitecture(architecture)
                .orElseThrow(
                        () ->
                                keys.unsupported(
                                        key,
                                        "is %s; supported are 'llama', 'mobilellm', 'qwen2' and 'qwen3'"
                                                .formatted(Printable.quote(architecture))));
    }

    /// Which biases there are, only the tensors tell; that every block has them is checked where they are read.
    private Attention.Bias bias() {
        if (has("attn_output.bias")) {
            return Attention.Bias.ALL;
        }
        return has("attn_q.bias") ? Attention.Bias.QUERY_KEY_VALUE : Attention.Bias.NONE;
    }

    private QueryKeyNorm norm(String prefix, Family family) {
        return switch (keys.optionalString(prefix + NORM).orElse("")) {
            case "" -> family.norm();
            case AFTER_ROPE -> QueryKeyNorm.PLAIN_AFTER_ROPE;
            default -> throw keys.unsupported(prefix + NORM, "is not '%s'".formatted(AFTER_ROPE));
        };
    }

    private boolean has(String tensorOfBlock) {
        return file.tensor(TensorNames.GGUF.blocks() + "0." + tensorOfBlock).isPresent();
    }

    private FeedForward.Activation activation(String prefix) {
        String key = prefix + "feed_forward.activation";
        return switch (keys.optionalString(key).orElse("silu")) {
            case "silu" -> FeedForward.Activation.SWIGLU;
            case "relu" -> FeedForward.Activation.RELU;
            default -> throw keys.unsupported(key, "is neither 'silu' nor 'relu'");
        };
    }

    private void requireUnderstood(String prefix, boolean shared) {
        for (Map.Entry<String, Object> entry : keys.all().entrySet()) {
            String key = entry.getKey();
            if (key.startsWith(prefix)) {
                String name = key.substring(prefix.length());
                boolean understood =
                        UNDERSTOOD.contains(name)
                                || (shared && UNDERSTOOD_WHEN_SHARED.contains(name))
                                || entry.getValue().toString().equals(ABSENT.get(name));
                if (!understood) {
                    throw keys.unsupported(
                            key,
                            "(value %s) asks for something that is not supported"
                                    .formatted(Printable.quote(entry.getValue().toString())));
                }
            } else if (key.startsWith(SHARED + ".")) {
                throw keys.malformed(
                        key,
                        "belongs to architecture 'mobilellm', but 'general.architecture' is"
                                + " another");
            }
        }
    }

    private int headDim(String prefix, int hiddenSize, int heads) {
        String keyLength = prefix + "attention.key_length";
        int headDim = keys.optionalSize(keyLength).orElse(hiddenSize / heads);
        if (keys.optionalSize(keyLength).isEmpty() && hiddenSize % heads != 0) {
            throw keys.malformed(
                    prefix + "attention.head_count",
                    "is %d, which does not divide the embedding length %d, and '%s' is missing"
                            .formatted(heads, hiddenSize, keyLength));
        }
        if ((long) heads * headDim > Integer.MAX_VALUE) {
            throw keys.malformed(
                    keyLength, "is %d, too large for %d heads".formatted(headDim, heads));
        }
        requireHeadDim(prefix + "attention.value_length", headDim);
        requireHeadDim(prefix + "rope.dimension_count", headDim);
        return headDim;
    }

    private void requireHeadDim(String key, int headDim) {
        int value = keys.optionalSize(key).orElse(headDim);
        if (value != headDim) {
            throw keys.unsupported(
                    key,
                    "is %d; only models where it is the head dim, here %d, are supported"
                            .formatted(value, headDim));
        }
    }

    /// The rows of the embedding, which every other count of tokens must equal.
    private int vocabularySize(String prefix) {
        String name = TensorNames.GGUF.embeddingWeight();
        long rows = file.tensor(name).map(tensor -> tensor.shape().dimension(0)).orElse(0L);
        if (rows < 1 || rows > Integer.MAX_VALUE) {
            String problem = rows < 1 ? "is missing" : "has " + rows + " rows, more than 2^31 - 1";
            throw new MalformedFileException(
                    "%s: tensor '%s' %s".formatted(file.path(), name, problem));
        }
        requireRows(
                prefix + "vocab_size", keys.optionalSize(prefix + "vocab_size").orElse(-1), rows);
        String tokens = "tokenizer.ggml.tokens";
        requireRows(tokens, keys.optionalList(tokens).map(List::size).orElse(-1), rows);
        return (int) rows;
    }

    private void requireRows(String key, int count, long rows) {
        if (count != -1 && count != rows) {
            throw keys.malformed(
                    key,
                    "gives a vocabulary of %d tokens, but the embedding has %d rows"
                            .formatted(count, rows));
        }
    }

    private LayerSharing sharing(String prefix) {
        String key = prefix + "layer_sharing.";
        return new LayerSharing(
                keys.constant(LayerSharing.Strategy.class, key + "strategy"),
                keys.size(key + "repeats"),
                keys.constant(LayerSharing.Cache.class, key + "cache"));
    }
}
