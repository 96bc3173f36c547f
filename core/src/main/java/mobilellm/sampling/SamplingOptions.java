package mobilellm.sampling;

import java.util.Map;

/// How the next token is chosen; the package page has order and formulas. Immutable; every value is checked.
///
/// @param temperature 0 (always the most probable token) or [MINIMUM_TEMPERATURE] to 100; 1 leaves probabilities as they are
/// @param topK how many of the most probable tokens stay; 0 switches it off
/// @param topP probability mass that stays, 0 to 1; 1 switches it off
/// @param minP smallest probability that stays, as a share of the largest, 0 to 1; 0 switches it off
/// @param typicalP mass of the typical tokens that stays, 0 to 1; 1 switches it off
/// @param repeatPenalty divides the logits of tokens in the window, 0.01 to 100; 1 switches it off
/// @param repeatLastN length of the penalties' window in tokens; 0 for none, -1 for everything
/// @param frequencyPenalty subtracted from a logit for each occurrence in the window, -100 to 100; 0 switches it off
/// @param presencePenalty subtracted once for a token in the window, -100 to 100; 0 switches it off
/// @param penalisePrompt whether the frequency and presence penalties count tokens of the prompt (as llama.cpp does) or
///     only generated ones (as OpenAI's API does)
/// @param logitBias added to the logits of some ids, -1000 to 1000, or negative infinity to ban the id
/// @param seed of the random numbers; any value
public record SamplingOptions(
        double temperature,
        int topK,
        double topP,
        double minP,
        double typicalP,
        double repeatPenalty,
        int repeatLastN,
        double frequencyPenalty,
        double presencePenalty,
        boolean penalisePrompt,
        Map<Integer, Double> logitBias,
        long seed) {
    /// Below it a division could overflow, and the outcome is that of 0 anyway.
    public static final double MINIMUM_TEMPERATURE = 0.001;

    private static final double MAXIMUM_BIAS = 1000;

    public SamplingOptions {
        if (temperature != 0) {
            between("temperature (when not 0)", temperature, MINIMUM_TEMPERATURE, 100);
        }
        atLeast("top-k", topK, 0);
        between("top-p", topP, 0, 1);
        between("min-p", minP, 0, 1);
        between("typical-p", typicalP, 0, 1);
        between("repeat-penalty", repeatPenalty, 0.01, 100);
        atLeast("repeat-last-n", repeatLastN, -1);
        between("frequency-penalty", frequencyPenalty, -100, 100);
        between("presence-penalty", presencePenalty, -100, 100);
        logitBias = Map.copyOf(logitBias);
        logitBias.forEach(
                (id, bias) -> {
                    atLeast("logit-bias token id", id, 0);
                    if (bias != Double.NEGATIVE_INFINITY) {
                        between("logit-bias of token " + id, bias, -MAXIMUM_BIAS, MAXIMUM_BIAS);
                    }
                });
    }

    private static void between(String name, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw new IllegalArgumentException(
                    "%s must lie between %s and %s, got %s"
                            .formatted(name, plain(low), plain(high), value));
        }
    }

    private static String plain(double bound) {
        return bound == Math.rint(bound) ? String.valueOf((long) bound) : String.valueOf(bound);
    }

    private static void atLeast(String name, int value, int low) {
        if (value < low) {
            throw new IllegalArgumentException(
                    "%s must be at least %d, got %d".formatted(name, low, value));
        }
    }

    /// Temperature 0.8, top-k 40, top-p 0.95, min-p 0.05, no penalties: llama.cpp's defaults. The seed is 0, so two
    /// runs give the same text; who wants another text each time passes a seed of chance.
    public static SamplingOptions defaults() {
        return new Builder().build();
    }

    /// Always the most probable token.
    public static SamplingOptions greedy() {
        return builder().temperature(0).build();
    }

    /// Starts from [#defaults()].
    public static Builder builder() {
        return new Builder();
    }

    /// Starts from these options.
    public Builder toBuilder() {
        return new Builder()
                .temperature(temperature)
                .topK(topK)
                .topP(topP)
                .minP(minP)
                .typicalP(typicalP)
                .repeatPenalty(repeatPenalty)
                .repeatLastN(repeatLastN)
                .frequencyPenalty(frequencyPenalty)
                .presencePenalty(presencePenalty)
                .penalisePrompt(penalisePrompt)
                .logitBias(logitBias)
                .seed(seed);
    }

    /// Collects options; [#build()] checks them.
    public static final class Builder {
        private double temperature = 0.8;
        private int topK = 40;
        private double topP = 0.95;
        private double minP = 0.05;
        private double typicalP = 1;
        private double repeatPenalty = 1;
        private int repeatLastN = 64;
        private double frequencyPenalty;
        private double presencePenalty;
        private boolean penalisePrompt = true;
        private Map<Integer, Double> logitBias = Map.of();
        private long seed;

        private Builder() {}

        public Builder temperature(double value) {
            temperature = value;
            return this;
        }

        public Builder topK(int value) {
            topK = value;
            return this;
        }

        public Builder topP(double value) {
            topP = value;
            return this;
        }

        public Builder minP(double value) {
            minP = value;
            return this;
        }

        public Builder typicalP(double value) {
            typicalP = value;
            return this;
        }

        public Builder repeatPenalty(double value) {
            repeatPenalty = value;
            return this;
        }

        public Builder repeatLastN(int value) {
            repeatLastN = value;
            return this;
        }

        public Builder frequencyPenalty(double value) {
            frequencyPenalty = value;
            return this;
        }

        public Builder presencePenalty(double value) {
            presencePenalty = value;
            return this;
        }

        public Builder penalisePrompt(boolean value) {
            penalisePrompt = value;
            return this;
        }

        public Builder logitBias(Map<Integer, Double> value) {
            logitBias = Map.copyOf(value);
            return this;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /// The options, checked.
        ///
        /// @throws IllegalArgumentException naming the option that is out of range
        public SamplingOptions build() {
            return new SamplingOptions(
                    temperature,
                    topK,
                    topP,
                    minP,
                    typicalP,
                    repeatPenalty,
                    repeatLastN,
                    frequencyPenalty,
                    presencePenalty,
                    penalisePrompt,
                    logitBias,
                    seed);
        }
    }
}
