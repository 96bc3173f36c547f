package mobilellm.config;

/// Sizes of a MobileLLM-style decoder: RMSNorm, grouped-query attention with RoPE, SwiGLU.
///
/// @param architecture name in the file, such as `llama` or `mobilellm`
/// @param layers stored blocks
/// @param hiddenSize width of the residual stream
/// @param intermediateSize width of the feed-forward hidden layer
/// @param heads query heads
/// @param keyValueHeads key/value heads; divides `heads`
/// @param headDim width of a head; even
/// @param vocabularySize rows of the embedding
/// @param contextLength positions that the model was trained for
/// @param rmsNormEpsilon added to the mean square, as in `x / sqrt(mean(x^2) + epsilon)`
/// @param rope rotary embedding
/// @param tiedEmbedding whether the output head is the input embedding
/// @param sharing block-wise weight sharing
public record ModelConfig(
        String architecture,
        int layers,
        int hiddenSize,
        int intermediateSize,
        int heads,
        int keyValueHeads,
        int headDim,
        int vocabularySize,
        int contextLength,
        double rmsNormEpsilon,
        Rope rope,
        boolean tiedEmbedding,
        LayerSharing sharing) {
    public ModelConfig {
        positive("layers", layers);
        positive("hidden size", hiddenSize);
        positive("intermediate size", intermediateSize);
        positive("heads", heads);
        positive("key/value heads", keyValueHeads);
        positive("head dim", headDim);
        positive("vocabulary size", vocabularySize);
        positive("context length", contextLength);
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
        if (!(rmsNormEpsilon > 0) || rmsNormEpsilon > 1) {
            throw new IllegalArgumentException(
                    "RMSNorm epsilon must lie in (0, 1], got " + rmsNormEpsilon);
        }
    }

    private static void positive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " must be positive, got " + value);
        }
    }

    public LayerPlan plan() {
        return LayerPlan.of(layers, sharing);
    }

    /// Width of all query heads together.
    public int queryWidth() {
        return heads * headDim;
    }

    /// Width of all key (or value) heads together.
    public int keyValueWidth() {
        return keyValueHeads * headDim;
    }

    /// Query heads that attend the same key/value head.
    public int groupSize() {
        return heads / keyValueHeads;
    }

    public ModelConfig withSharing(LayerSharing other) {
        return new ModelConfig(
                architecture,
                layers,
                hiddenSize,
                intermediateSize,
                heads,
                keyValueHeads,
                headDim,
                vocabularySize,
                contextLength,
                rmsNormEpsilon,
                rope,
                tiedEmbedding,
                other);
    }

    /// Weights of the embedding, and of the head where it is its own matrix.
    public long embeddingParameters() {
        return (tiedEmbedding ? 1L : 2L) * vocabularySize * hiddenSize;
    }

    /// All stored weights.
    public long parameters() {
        long attention = 2L * hiddenSize * queryWidth() + 2L * hiddenSize * keyValueWidth();
        long feedForward = 3L * hiddenSize * intermediateSize;
        long block = attention + feedForward + 2L * hiddenSize;
        return embeddingParameters() + layers * block + hiddenSize;
    }
}
