package mobilellm.config;

import java.util.List;

/// How the frequencies of the rotary embedding were changed for contexts longer than the first training's. Names and
/// formulas are those of Hugging Face's `rope_scaling`.
public sealed interface RopeScaling {
    /// No change.
    record None() implements RopeScaling {}

    /// All frequencies divided by `factor` (position interpolation, Chen et al. 2023, arXiv 2306.15595).
    record Linear(double factor) implements RopeScaling {
        public Linear {
            positive("factor", factor);
        }
    }

    /// Frequencies that change with the length of the sequence once it passes the original context ("dynamic NTK").
    /// Keys in a cache would have to be rotated anew at every step; this version runs such a model up to the original
    /// context, where nothing is scaled, and never beyond.
    record Dynamic(double factor, int originalContext) implements RopeScaling {
        public Dynamic {
            positive("factor", factor);
            Sizes.positive("original context", originalContext);
        }
    }

    /// Llama 3.1: wavelengths shorter than `originalContext / highFrequencyFactor` stay, those longer than
    /// `originalContext / lowFrequencyFactor` are divided by `factor`, in between it is interpolated.
    record Llama3(
            double factor,
            double lowFrequencyFactor,
            double highFrequencyFactor,
            int originalContext)
            implements RopeScaling {
        public Llama3 {
            positive("factor", factor);
            positive("low frequency factor", lowFrequencyFactor);
            positive("high frequency factor", highFrequencyFactor);
            Sizes.positive("original context", originalContext);
            if (!(highFrequencyFactor > lowFrequencyFactor)) {
                throw new IllegalArgumentException(
                        "RoPE scaling: the high frequency factor %s must be larger than the low one, %s"
                                .formatted(highFrequencyFactor, lowFrequencyFactor));
            }
        }
    }

    /// YaRN (Peng et al. 2023, arXiv 2309.00071): dimensions that turn more than `betaFast` times in the original
    /// context stay, those that turn less than `betaSlow` times are divided by `factor`, with a linear ramp between.
    ///
    /// @param attentionFactor multiplies cosines and sines; the paper's is `0.1 ln(factor) + 1`
    /// @param truncated whether the ends of the ramp are rounded outwards to whole dimensions, as Hugging Face does unless told otherwise
    record Yarn(
            double factor,
            int originalContext,
            double betaFast,
            double betaSlow,
            double attentionFactor,
            boolean truncated)
            implements RopeScaling {
        public Yarn {
            positive("factor", factor);
            Sizes.positive("original context", originalContext);
            positive("beta fast", betaFast);
            positive("beta slow", betaSlow);
            positive("attention factor", attentionFactor);
        }

        /// The paper's attention factor.
        public static double attentionFactor(double factor) {
            return factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1;
        }
    }

    /// Each pair's frequency divided by its own number (the tensor `rope_freqs.weight` of GGUF files).
    ///
    /// @param divisors one for each pair of a head
    record PerPair(List<Double> divisors) implements RopeScaling {
        public PerPair {
            divisors = List.copyOf(divisors);
            for (double divisor : divisors) {
                positive("divisor", divisor);
            }
        }
    }

    private static void positive(String name, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(
                    "RoPE scaling: %s must be positive and finite, got %s".formatted(name, value));
        }
    }
}
