package mobilellm.config;

/// What a MobileLLM-style decoder is: RMSNorm, grouped-query attention with RoPE, a feed-forward layer.
///
/// @param architecture name in the file, such as `llama` or `mobilellm`
/// @param layers stored blocks
/// @param hiddenSize width of the residual stream
/// @param attention heads of a block
/// @param feedForward feed-forward layer of a block
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
        Attention attention,
        FeedForward feedForward,
        int vocabularySize,
        int contextLength,
        double rmsNormEpsilon,
        Rope rope,
        boolean tiedEmbedding,
        LayerSharing sharing) {
    public ModelConfig {
        Sizes.positive("layers", layers);
        Sizes.positive("hidden size", hiddenSize);
        Sizes.positive("vocabulary size", vocabularySize);
        Sizes.positive("context length", contextLength);
        if (!(rmsNormEpsilon > 0) || rmsNormEpsilon > 1) {
            throw new IllegalArgumentException(
                    "RMSNorm epsilon must lie in (0, 1], got " + rmsNormEpsilon);
        }
        if (rope.scaling() instanceof RopeScaling.PerPair pairs
                && pairs.divisors().size() != attention.headDim() / 2) {
            throw new IllegalArgumentException(
                    "RoPE scaling has %d divisors, expected %d, half the head dim"
                            .formatted(pairs.divisors().size(), attention.headDim() / 2));
        }
        if (rope.scaling() instanceof RopeScaling.Dynamic dynamic) {
            contextLength = Math.min(contextLength, dynamic.originalContext());
        }
    }

    public LayerPlan plan() {
        return LayerPlan.of(layers, sharing);
    }

    /// Query heads.
    public int heads() {
        return attention.heads();
    }

    /// Key/value heads.
    public int keyValueHeads() {
        return attention.keyValueHeads();
    }

    /// Width of a head.
    public int headDim() {
        return attention.headDim();
    }

    /// Width of all query heads together.
    public int queryWidth() {
        return attention.queryWidth();
    }

    /// Width of all key (or value) heads together.
    public int keyValueWidth() {
        return attention.keyValueWidth();
    }

    /// Query heads that attend the same key/value head.
    public int groupSize() {
        return heads() / keyValueHeads();
    }

    /// Width of the hidden layer of the feed-forward layer.
    public int intermediateSize() {
        return feedForward.intermediateSize();
    }

    public ModelConfig withSharing(LayerSharing other) {
        return with(architecture, layers, other);
    }

    /// The same model under another name.
    public ModelConfig withArchitecture(String other) {
        return with(other, layers, sharing);
    }

    /// The model with each visit of the plan as a block of its own.
    public ModelConfig expanded() {
        return with(architecture, plan().visits().size(), LayerSharing.NONE);
    }

    private ModelConfig with(String otherArchitecture, int otherLayers, LayerSharing otherSharing) {
        return new ModelConfig(
                otherArchitecture,
                otherLayers,
                hiddenSize,
                attention,
                feedForward,
                vocabularySize,
                contextLength,
                rmsNormEpsilon,
                rope,
                tiedEmbedding,
                otherSharing);
    }

    /// Weights of the embedding, and of the head where it is its own matrix.
    public long embeddingParameters() {
        return (tiedEmbedding ? 1L : 2L) * vocabularySize * hiddenSize;
    }

    /// All stored weights.
    public long parameters() {
        long norms = 2L * hiddenSize;
        long block = attention.parameters(hiddenSize) + feedForward.parameters(hiddenSize) + norms;
        return embeddingParameters() + layers * block + hiddenSize;
    }
}
