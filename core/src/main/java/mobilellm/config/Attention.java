package mobilellm.config;

/// Sizes and kind of grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245).
///
/// @param heads query heads
/// @param keyValueHeads key/value heads; divides `heads`
/// @param headDim width of a head; even
/// @param bias which projections add a bias
/// @param norm how each head of queries and keys is normalised
public record Attention(int heads, int keyValueHeads, int headDim, Bias bias, QueryKeyNorm norm) {
    /// Which projections add a bias.
    public enum Bias {
        NONE,
        /// Those of queries, keys and values (Qwen2).
        QUERY_KEY_VALUE,
        /// The output projection too (Llama's `attention_bias`).
        ALL
    }

    /// RMS normalisation of each head of queries and keys.
    public enum QueryKeyNorm {
        NONE,
        /// With a weight of `[headDim]` each for queries and keys, before the rotation (Qwen3).
        WEIGHTED_BEFORE_ROPE,
        /// Without a weight, after the rotation (Llama 4, MobileLLM-R1).
        PLAIN_AFTER_ROPE
    }

    public Attention {
        Sizes.positive("heads", heads);
        Sizes.positive("key/value heads", keyValueHeads);
        Sizes.positive("head dim", headDim);
        if (heads % keyValueHeads != 0) {
            throw new IllegalArgumentException(
                    heads
                            + " query heads are not a multiple of "
                            + keyValueHeads
                            + " key/value heads");
        }
        if (headDim % 2 != 0) {
            throw new IllegalArgumentException("head dim must be even for RoPE, got " + headDim);
        }
    }

    /// Without biases and norms, as MobileLLM and Llama have it.
    public Attention(int heads, int keyValueHeads, int headDim) {
        this(heads, keyValueHeads, headDim, Bias.NONE, QueryKeyNorm.NONE);
    }

    /// Width of all query heads together.
    public int queryWidth() {
        return heads * headDim;
    }

    /// Width of all key (or value) heads together.
    public int keyValueWidth() {
        return keyValueHeads * headDim;
    }

    /// Weights of one block's attention, its input norm not among them.
    long parameters(int hiddenSize) {
        long matrices = 2L * hiddenSize * (queryWidth() + keyValueWidth());
        long biases =
                switch (bias) {
                    case NONE -> 0;
                    case QUERY_KEY_VALUE -> queryWidth() + 2L * keyValueWidth();
                    case ALL -> queryWidth() + 2L * keyValueWidth() + hiddenSize;
                };
        return matrices + biases + (norm == QueryKeyNorm.WEIGHTED_BEFORE_ROPE ? 2L * headDim : 0);
    }
}
