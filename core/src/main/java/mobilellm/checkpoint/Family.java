package mobilellm.checkpoint;

import java.util.Arrays;
import java.util.OptionalInt;

/// Kinds of models that `config.json` may describe, with the values that Transformers takes where a key is missing.
enum Family {
    /// The released MobileLLM, and checkpoints of its training code; `share_embedding` and `layer_sharing` are theirs.
    MOBILELLM("mobilellm", "mlp", false, 1e-6, 10_000, 2048, 0),
    /// Also what MobileLLM's training code writes, with the keys of MobileLLM.
    LLAMA("llama", "mlp", false, 1e-6, 10_000, 2048, 0),
    QWEN2("qwen2", "mlp", false, 1e-6, 10_000, 32_768, 0),
    QWEN3("qwen3", "mlp", false, 1e-6, 10_000, 32_768, 128),
    /// The text model of Llama 4 without experts: MobileLLM-R1.
    LLAMA4("llama4_text", "feed_forward", true, 1e-5, 500_000, 131_072, 128);

    private final String modelType;
    private final String feedForward;
    private final boolean pairsInterleaved;
    private final double rmsNormEpsilon;
    private final double ropeTheta;
    private final int contextLength;
    private final int headDim;

    Family(
            String modelType,
            String feedForward,
            boolean pairsInterleaved,
            double rmsNormEpsilon,
            double ropeTheta,
            int contextLength,
            int headDim) {
        this.modelType = modelType;
        this.feedForward = feedForward;
        this.pairsInterleaved = pairsInterleaved;
        this.rmsNormEpsilon = rmsNormEpsilon;
        this.ropeTheta = ropeTheta;
        this.contextLength = contextLength;
        this.headDim = headDim;
    }

    /// `model_type` in the file.
    String modelType() {
        return modelType;
    }

    /// What tensors of the feed-forward layer are called.
    String feedForward() {
        return feedForward;
    }

    /// See [ModelSource#pairsInterleaved].
    boolean pairsInterleaved() {
        return pairsInterleaved;
    }

    double rmsNormEpsilon() {
        return rmsNormEpsilon;
    }

    double ropeTheta() {
        return ropeTheta;
    }

    int contextLength() {
        return contextLength;
    }

    /// Empty where it is the hidden size divided by the heads.
    OptionalInt headDim() {
        return headDim == 0 ? OptionalInt.empty() : OptionalInt.of(headDim);
    }

    static String names() {
        return Arrays.stream(values()).map(Family::modelType).toList().toString();
    }
}
