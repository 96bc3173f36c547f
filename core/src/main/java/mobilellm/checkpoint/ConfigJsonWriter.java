package mobilellm.checkpoint;

import mobilellm.config.Attention.Bias;
import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.FeedForward.Activation;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.Rope;
import mobilellm.config.RopeScaling;
import mobilellm.file.JsonText;
import mobilellm.tensor.DType;
import mobilellm.tensor.UnsupportedModelException;

import org.jspecify.annotations.Nullable;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/// Writes a `config.json` as the releases have it, which [ConfigJson] reads.
///
/// @param config of the model
/// @param family what kind of model to call it
record ConfigJsonWriter(ModelConfig config, Family family) {
    /// The scaling of Llama 3.1 and 3.2 but for its factor, which GGUF files only hold multiplied out.
    private static final double LLAMA3_LOW = 1;

    private static final double LLAMA3_HIGH = 4;
    private static final int LLAMA3_CONTEXT = 8192;

    /// Relative; GGUF files hold numbers in f32.
    private static final double TOLERANCE = 1e-6;

    /// A version of Transformers that reads files like this.
    private static final String TRANSFORMERS = "4.41.2";

    /// The whole document.
    ///
    /// @param name of the model, where it has one
    /// @param type of most weights
    String write(String name, DType type, OptionalInt bos, OptionalInt eos) {
        Map<String, @Nullable Object> members = new TreeMap<>();
        if (!name.isEmpty()) {
            members.put("_name_or_path", name);
        }
        members.put("architectures", List.of(family.className()));
        members.put("attention_dropout", 0.0);
        bos.ifPresent(id -> members.put("bos_token_id", id));
        eos.ifPresent(id -> members.put("eos_token_id", id));
        members.put("head_dim", config.headDim());
        members.put(
                "hidden_act",
                config.feedForward().activation() == Activation.RELU ? "relu" : "silu");
        members.put("hidden_size", config.hiddenSize());
        members.put("initializer_range", 0.02);
        members.put("intermediate_size", config.intermediateSize());
        members.put("max_position_embeddings", config.contextLength());
        members.put("model_type", family.modelType());
        members.put("num_attention_heads", config.heads());
        members.put("num_hidden_layers", config.layers());
        members.put("num_key_value_heads", config.keyValueHeads());
        members.put("rms_norm_eps", config.rmsNormEpsilon());
        members.put("rope_scaling", scaling());
        members.put("rope_theta", config.rope().theta());
        members.put("torch_dtype", dtype(type));
        members.put("transformers_version", TRANSFORMERS);
        members.put("use_cache", true);
        members.put("vocab_size", config.vocabularySize());
        // MobileLLM's releases say false although they are tied.
        members.put("tie_word_embeddings", config.tiedEmbedding() && family != Family.MOBILELLM);
        ofFamily(members);
        return JsonText.document(members);
    }

    private void ofFamily(Map<String, @Nullable Object> members) {
        Bias bias = config.attention().bias();
        boolean mlpBias = config.feedForward().bias();
        Bias expected = family == Family.QWEN2 ? Bias.QUERY_KEY_VALUE : Bias.NONE;
        switch (family) {
            case MOBILELLM, LLAMA -> {
                require(bias != Bias.QUERY_KEY_VALUE, "biases of queries, keys and values alone");
                members.put("attention_bias", bias == Bias.ALL);
                members.put("mlp_bias", mlpBias);
                members.put("pretraining_tp", 1);
                if (config.feedForward().activation() == Activation.RELU) {
                    members.put("mlp_gated", false);
                }
            }
            case QWEN2, QWEN3 -> require(bias == expected && !mlpBias, "such biases");
            case LLAMA4 -> {
                require(bias != Bias.QUERY_KEY_VALUE && !mlpBias, "such biases");
                require(config.feedForward().activation() == Activation.SWIGLU, "no gate");
                members.put("attention_bias", bias == Bias.ALL);
                members.put("attn_temperature_tuning", false);
                members.put("intermediate_size_mlp", config.intermediateSize());
                members.put("layer_types", eachLayer("full_attention"));
                members.put("moe_layers", List.of());
                members.put("no_rope_layers", eachLayer(1));
                members.put("use_qk_norm", config.attention().norm() != QueryKeyNorm.NONE);
            }
        }
        if (family == Family.MOBILELLM) {
            members.put("share_embedding", config.tiedEmbedding());
            sharing(members, config.sharing());
        } else {
            require(config.sharing().equals(LayerSharing.NONE), "shared layers");
        }
    }

    private <T> List<T> eachLayer(T value) {
        return Collections.nCopies(config.layers(), value);
    }

    private void require(boolean holds, String what) {
        if (!holds) {
            throw new UnsupportedModelException(
                    "a config.json of type %s has no form for %s"
                            .formatted(family.modelType(), what));
        }
    }

    /// The release's flag; our own keys only where they say more.
    private static void sharing(Map<String, @Nullable Object> members, LayerSharing sharing) {
        boolean shared = sharing.strategy() != LayerSharing.Strategy.NONE;
        members.put("layer_sharing", shared);
        if (shared && sharing.strategy() != LayerSharing.Strategy.IMMEDIATE) {
            members.put("layer_sharing_strategy", sharing.strategy().word());
        }
        if (shared && sharing.repeats() != 2) {
            members.put("layer_sharing_repeats", sharing.repeats());
        }
        if (sharing.cache() != LayerSharing.Cache.OWN) {
            members.put("layer_sharing_cache", sharing.cache().word());
        }
    }

    private @Nullable Map<String, Object> scaling() {
        Map<String, Object> members = new LinkedHashMap<>();
        switch (config.rope().scaling()) {
            case RopeScaling.None _ -> {
                return null;
            }
            case RopeScaling.Linear linear -> {
                members.put("rope_type", "linear");
                members.put("factor", linear.factor());
            }
            case RopeScaling.Dynamic dynamic -> {
                members.put("rope_type", "dynamic");
                members.put("factor", dynamic.factor());
                members.put("original_max_position_embeddings", dynamic.originalContext());
            }
            case RopeScaling.Llama3 llama3 -> llama3(members, llama3);
            case RopeScaling.PerPair pairs -> llama3(members, llama3(pairs));
            case RopeScaling.Yarn yarn -> {
                members.put("rope_type", "yarn");
                members.put("factor", yarn.factor());
                members.put("original_max_position_embeddings", yarn.originalContext());
                members.put("beta_fast", yarn.betaFast());
                members.put("beta_slow", yarn.betaSlow());
                members.put("attention_factor", yarn.attentionFactor());
            }
        }
        return members;
    }

    private static void llama3(Map<String, Object> members, RopeScaling.Llama3 scaling) {
        members.put("rope_type", "llama3");
        members.put("factor", scaling.factor());
        members.put("low_freq_factor", scaling.lowFrequencyFactor());
        members.put("high_freq_factor", scaling.highFrequencyFactor());
        members.put("original_max_position_embeddings", scaling.originalContext());
    }

    /// The largest divisor is the factor; the rest follows, if it is Llama 3's.
    private RopeScaling.Llama3 llama3(RopeScaling.PerPair pairs) {
        double factor = pairs.divisors().stream().mapToDouble(Double::doubleValue).max().orElse(1);
        RopeScaling.Llama3 scaling =
                new RopeScaling.Llama3(factor, LLAMA3_LOW, LLAMA3_HIGH, LLAMA3_CONTEXT);
        Rope rope = new Rope(config.rope().theta(), scaling);
        require(
                sameRotation(rope, config.rope(), config.headDim()),
                "the divisors of the rotation (%s)".formatted(GgufRopeReader.DIVISORS));
        return scaling;
    }

    /// Whether positions are rotated by the same angles, as far as GGUF files can tell.
    static boolean sameRotation(Rope one, Rope other, int headDim) {
        double[] first = one.frequencies(headDim);
        double[] second = other.frequencies(headDim);
        boolean same = Math.abs(one.attentionFactor() - other.attentionFactor()) <= TOLERANCE;
        for (int i = 0; i < first.length; i++) {
            same &= Math.abs(first[i] - second[i]) <= TOLERANCE * first[i];
        }
        return same;
    }

    /// PyTorch's name of a type.
    static String dtype(DType type) {
        return switch (type) {
            case F64 -> "float64";
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            default -> "float32";
        };
    }
}
