package mobilellm.checkpoint;

import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.FeedForward.Activation;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.RopeScaling;
import mobilellm.gguf.GgufValue;
import mobilellm.gguf.ValueType;
import mobilellm.tensor.DType;
import mobilellm.tensor.UnsupportedModelException;

import java.util.LinkedHashMap;
import java.util.Map;

/// The metadata of a GGUF file, but for the tokenizer's: what [GgufConfigReader] reads, and what llama.cpp wants to know.
///
/// @param config of the model in the file, its architecture that of the file
/// @param values the metadata so far
record GgufMetadata(ModelConfig config, Map<String, GgufValue> values) {
    /// The `config.json` that a file was made from, so that it can be made again as it was. This project's own key.
    static final String CONFIG = "huggingface.config";

    static final String FILE_TYPE = "general.file_type";
    static final String NAME = "general.name";

    /// Of ggml's block formats.
    private static final long QUANTISATION_VERSION = 2;

    GgufMetadata(ModelConfig config) {
        this(config, new LinkedHashMap<>());
    }

    /// What every file begins with.
    void general(String name, DType type) {
        text("general.architecture", config.architecture());
        text("general.type", "model");
        text(NAME, name);
        size("general.quantization_version", QUANTISATION_VERSION);
        fileType(type);
    }

    /// What most of the weights are stored in, by llama.cpp's numbers (`llama_ftype`). A file of another type keeps the number
    /// that it had.
    void fileType(DType type) {
        int number =
                switch (type) {
                    case F32 -> 0;
                    case F16 -> 1;
                    case Q4_0 -> 2;
                    case Q4_1 -> 3;
                    case Q8_0 -> 7;
                    case Q5_0 -> 8;
                    case Q5_1 -> 9;
                    case IQ4_NL -> 25;
                    case BF16 -> 32;
                    default -> -1;
                };
        if (number >= 0) {
            size(FILE_TYPE, number);
        }
    }

    /// What the makers recommend for generating, under llama.cpp's keys.
    void sampling(GenerationDefaults defaults) {
        defaults.temperature().ifPresent(value -> real("general.sampling.temp", value));
        defaults.topK()
                .ifPresent(
                        value ->
                                put(
                                        "general.sampling.top_k",
                                        new GgufValue(ValueType.INT32, value)));
        defaults.topP().ifPresent(value -> real("general.sampling.top_p", value));
        defaults.minP().ifPresent(value -> real("general.sampling.min_p", value));
        defaults.repeatPenalty().ifPresent(value -> real("general.sampling.penalty_repeat", value));
    }

    /// The model itself, under the architecture's prefix.
    void model() {
        String prefix = config.architecture() + ".";
        size(prefix + "block_count", config.layers());
        size(prefix + "context_length", config.contextLength());
        size(prefix + "embedding_length", config.hiddenSize());
        size(prefix + "feed_forward_length", config.intermediateSize());
        size(prefix + "attention.head_count", config.heads());
        size(prefix + "attention.head_count_kv", config.keyValueHeads());
        size(prefix + "attention.key_length", config.headDim());
        size(prefix + "attention.value_length", config.headDim());
        real(prefix + "attention.layer_norm_rms_epsilon", config.rmsNormEpsilon());
        real(prefix + "rope.freq_base", config.rope().theta());
        size(prefix + "rope.dimension_count", config.headDim());
        scaling(prefix + "rope.scaling.", config.rope().scaling());
        size(prefix + "vocab_size", config.vocabularySize());
        if (config.architecture().equals(Family.MOBILELLM.modelType())) {
            sharing(prefix + "layer_sharing.", config.sharing());
            if (config.feedForward().activation() == Activation.RELU) {
                text(prefix + "feed_forward.activation", "relu");
            }
            if (config.attention().norm() == QueryKeyNorm.PLAIN_AFTER_ROPE) {
                text(prefix + GgufConfigReader.NORM, GgufConfigReader.AFTER_ROPE);
            }
        }
    }

    /// Llama 3's scaling is a tensor ([GgufRopeReader#DIVISORS]); dynamic scaling begins behind the context that the model
    /// is said to have here.
    private void scaling(String prefix, RopeScaling scaling) {
        switch (scaling) {
            case RopeScaling.None _,
                    RopeScaling.Dynamic _,
                    RopeScaling.Llama3 _,
                    RopeScaling.PerPair _ -> {}
            case RopeScaling.Linear linear -> {
                text(prefix + "type", "linear");
                real(prefix + "factor", linear.factor());
            }
            case RopeScaling.Yarn yarn -> {
                if (!yarn.truncated()) {
                    throw new UnsupportedModelException(
                            "rope_scaling of type yarn with 'truncate' false has no form in GGUF"
                                    + " files");
                }
                text(prefix + "type", "yarn");
                real(prefix + "factor", yarn.factor());
                size(prefix + "original_context_length", yarn.originalContext());
                real(prefix + "yarn_beta_fast", yarn.betaFast());
                real(prefix + "yarn_beta_slow", yarn.betaSlow());
                real(
                        prefix + "attn_factor",
                        yarn.attentionFactor() / RopeScaling.Yarn.attentionFactor(yarn.factor()));
            }
        }
    }

    private void sharing(String prefix, LayerSharing sharing) {
        text(prefix + "strategy", sharing.strategy().word());
        size(prefix + "repeats", sharing.repeats());
        text(prefix + "cache", sharing.cache().word());
    }

    void text(String key, String value) {
        put(key, GgufValue.text(value));
    }

    void size(String key, long value) {
        put(key, GgufValue.uint32(value));
    }

    private void real(String key, double value) {
        put(key, GgufValue.float32((float) value));
    }

    void put(String key, GgufValue value) {
        values.put(key, value);
    }
}
