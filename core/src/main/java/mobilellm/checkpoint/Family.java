package mobilellm.checkpoint;

import mobilellm.config.Attention.QueryKeyNorm;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/// Kinds of models that `config.json` may describe, with the values that Transformers takes where a key is missing.
enum Family {
    /// The released MobileLLM, and checkpoints of its training code; `share_embedding` and `layer_sharing` are theirs.
    MOBILELLM("mobilellm", "MobileLLMForCausalLM", "mlp", false, 1e-6, 10_000, 2048, 0),
    /// Also what MobileLLM's training code writes, with the keys of MobileLLM.
    LLAMA("llama", "LlamaForCausalLM", "mlp", false, 1e-6, 10_000, 2048, 0),
    QWEN2("qwen2", "Qwen2ForCausalLM", "mlp", false, 1e-6, 10_000, 32_768, 0),
    QWEN3("qwen3", "Qwen3ForCausalLM", "mlp", false, 1e-6, 10_000, 32_768, 128),
    /// The text model of Llama 4 without experts: MobileLLM-R1.
    LLAMA4("llama4_text", "Llama4ForCausalLM", "feed_forward", true, 1e-5, 500_000, 131_072, 128);

    private final String modelType;
    private final String className;
    private final String feedForward;
    private final boolean pairsInterleaved;
    private final double rmsNormEpsilon;
    private final double ropeTheta;
    private final int contextLength;
    private final int headDim;

    Family(
            String modelType,
            String className,
            String feedForward,
            boolean pairsInterleaved,
            double rmsNormEpsilon,
            double ropeTheta,
            int contextLength,
            int headDim) {
        this.modelType = modelType;
        this.className = className;
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

    /// Transformers' class, `architectures` in the file.
    String className() {
        return className;
    }

    /// What tensors of the feed-forward layer are called.
    String feedForward() {
        return feedForward;
    }

    /// The kind of model of a GGUF architecture. All but Llama 4 have the same name there; that is a [#MOBILELLM] which
    /// normalises its heads.
    static Optional<Family> ofArchitecture(String architecture) {
        return Arrays.stream(values())
                .filter(family -> family != LLAMA4 && family.modelType.equals(architecture))
                .findFirst();
    }

    /// See [ModelSource#pairsInterleaved]; of GGUF files, whose `llama` differs from Transformers'.
    boolean pairsInterleavedInGguf() {
        return this != QWEN2 && this != QWEN3;
    }

    /// How heads of queries and keys are normalised where the files do not say otherwise.
    QueryKeyNorm norm() {
        return switch (this) {
            case MOBILELLM, LLAMA, QWEN2 -> QueryKeyNorm.NONE;
            case QWEN3 -> QueryKeyNorm.WEIGHTED_BEFORE_ROPE;
            case LLAMA4 -> QueryKeyNorm.PLAIN_AFTER_ROPE;
        };
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
