package mobilellm.checkpoint;

import mobilellm.config.Rope;
import mobilellm.config.RopeScaling;
import mobilellm.file.Printable;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.Tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// Reads the rotary embedding of a GGUF file. Scaling as Llama 3 does it is no key but a tensor with a divisor for each
/// pair of a head.
///
/// @param prefix of the architecture's keys
/// @param divisors the tensor, where the file has it
record GgufRopeReader(Keys keys, String prefix, Optional<Tensor> divisors) {
    static final String DIVISORS = "rope_freqs.weight";

    /// Llama's base where a file names none.
    private static final double DEFAULT_THETA = 10_000;

    /// By the paper of YaRN, and in llama.cpp.
    private static final double BETA_FAST = 32;

    private static final double BETA_SLOW = 1;

    Rope read() {
        double theta = keys.optionalReal(prefix + "rope.freq_base").orElse(DEFAULT_THETA);
        String typeKey = prefix + "rope.scaling.type";
        String type = keys.optionalString(typeKey).orElse("none");
        if (divisors.isPresent()) {
            if (!type.equals("none")) {
                throw keys.malformed(
                        typeKey, "is there beside the tensor '%s'".formatted(DIVISORS));
            }
            return new Rope(theta, perPair(divisors.get()));
        }
        return new Rope(
                theta,
                switch (type) {
                    case "none" -> new RopeScaling.None();
                    case "linear" -> new RopeScaling.Linear(factor());
                    case "yarn" -> yarn();
                    default ->
                            throw keys.unsupported(
                                    typeKey,
                                    "is %s; supported are none, linear and yarn"
                                            .formatted(Printable.quote(type)));
                });
    }

    private double factor() {
        return keys.real(prefix + "rope.scaling.factor");
    }

    /// llama.cpp multiplies the paper's attention factor with that of the file.
    private RopeScaling yarn() {
        double factor = factor();
        return new RopeScaling.Yarn(
                factor,
                keys.size(prefix + "rope.scaling.original_context_length"),
                real("yarn_beta_fast").orElse(BETA_FAST),
                real("yarn_beta_slow").orElse(BETA_SLOW),
                real("attn_factor").orElse(1) * RopeScaling.Yarn.attentionFactor(factor),
                true);
    }

    private OptionalDouble real(String key) {
        return keys.optionalReal(prefix + "rope.scaling." + key);
    }

    private static RopeScaling perPair(Tensor tensor) {
        List<Double> divisors = new ArrayList<>();
        for (float divisor : Dequantise.toFloat(tensor)) {
            divisors.add((double) divisor);
        }
        return new RopeScaling.PerPair(divisors);
    }
}
