package mobilellm.config;

/// Size and kind of the feed-forward layer.
///
/// @param intermediateSize width of its hidden layer
/// @param activation how the hidden layer is made
/// @param bias whether every projection adds a bias (Llama's `mlp_bias`)
public record FeedForward(int intermediateSize, Activation activation, boolean bias) {
    /// How the hidden layer is made from the input `x`.
    public enum Activation {
        /// `silu(gate x) * (up x)` (Shazeer 2020, arXiv 2002.05202).
        SWIGLU,
        /// `relu(up x)`: the baseline that the MobileLLM paper starts from; no gate.
        RELU
    }

    public FeedForward {
        Sizes.positive("intermediate size", intermediateSize);
    }

    /// SwiGLU without biases, as MobileLLM and Llama have it.
    public FeedForward(int intermediateSize) {
        this(intermediateSize, Activation.SWIGLU, false);
    }

    /// Whether there is a gate projection.
    public boolean gated() {
        return activation == Activation.SWIGLU;
    }

    /// Weights of one block's feed-forward layer, its input norm not among them.
    long parameters(int hiddenSize) {
        int inputs = gated() ? 2 : 1;
        long biases = bias ? (long) inputs * intermediateSize + hiddenSize : 0;
        return (inputs + 1L) * hiddenSize * intermediateSize + biases;
    }
}
