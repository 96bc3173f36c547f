package mobilellm;

import mobilellm.sampling.SamplingOptions;

import java.util.List;

/// What to generate, and when to stop. Immutable; every value is checked.
///
/// @param maxTokens most tokens to generate; 0 only reads the prompt
/// @param sampling how each token is chosen
/// @param stop texts before which the generation ends; they are not part of it
/// @param logprobs how many alternatives to report for each token, 0 for no report, at most [#MAXIMUM_LOGPROBS]
/// @param ignoreEos whether to go on when the model says that it is done
/// @param contextShift whether to go on when the context is full: the oldest half of it is then forgotten, and a
///     conversation leaves out its oldest exchanges
/// @param keep ids at the start that a context shift does not forget; [#KEEP_PROMPT] for the prompt, as far as it is no
///     longer than half of the context
public record GenerationOptions(
        int maxTokens,
        SamplingOptions sampling,
        List<String> stop,
        int logprobs,
        boolean ignoreEos,
        boolean contextShift,
        int keep) {
    /// More alternatives than this are no report but a table: [MobileLlm#logits] gives them all.
    public static final int MAXIMUM_LOGPROBS = 100;

    public static final int KEEP_PROMPT = -1;

    public GenerationOptions {
        stop = List.copyOf(stop);
        if (maxTokens < 0) {
            throw new IllegalArgumentException("max tokens must not be negative, got " + maxTokens);
        }
        if (logprobs < 0 || logprobs > MAXIMUM_LOGPROBS) {
            throw new IllegalArgumentException(
                    "logprobs must be 0 to %d, got %d".formatted(MAXIMUM_LOGPROBS, logprobs));
        }
        if (keep < KEEP_PROMPT) {
            throw new IllegalArgumentException(
                    "keep must be a number of tokens or %d for the prompt, got %d"
                            .formatted(KEEP_PROMPT, keep));
        }
        if (stop.contains("")) {
            throw new IllegalArgumentException(
                    "a stop string must not be empty: it would stop before the first token");
        }
    }

    /// At most 512 tokens, sampled with [SamplingOptions#defaults()].
    public static GenerationOptions defaults() {
        return builder().build();
    }

    /// At most 512 tokens, always the most probable one.
    public static GenerationOptions greedy() {
        return builder().sampling(SamplingOptions.greedy()).build();
    }

    /// Starts from [#defaults()].
    public static Builder builder() {
        return new Builder();
    }

    /// Starts from these options.
    public Builder toBuilder() {
        return new Builder()
                .maxTokens(maxTokens)
                .sampling(sampling)
                .stop(stop)
                .logprobs(logprobs)
                .ignoreEos(ignoreEos)
                .contextShift(contextShift)
                .keep(keep);
    }

    /// Collects options; [#build()] checks them.
    public static final class Builder {
        private int maxTokens = 512;
        private SamplingOptions sampling = SamplingOptions.defaults();
        private List<String> stop = List.of();
        private int logprobs;
        private boolean ignoreEos;
        private boolean contextShift;
        private int keep = KEEP_PROMPT;

        private Builder() {}

        public Builder maxTokens(int value) {
            maxTokens = value;
            return this;
        }

        public Builder sampling(SamplingOptions value) {
            sampling = value;
            return this;
        }

        public Builder stop(String... value) {
            return stop(List.of(value));
        }

        public Builder stop(List<String> value) {
            stop = List.copyOf(value);
            return this;
        }

        public Builder logprobs(int value) {
            logprobs = value;
            return this;
        }

        public Builder ignoreEos(boolean value) {
            ignoreEos = value;
            return this;
        }

        public Builder contextShift(boolean value) {
            contextShift = value;
            return this;
        }

        public Builder keep(int value) {
            keep = value;
            return this;
        }

        /// The options, checked.
        ///
        /// @throws IllegalArgumentException naming the option that is out of range
        public GenerationOptions build() {
            return new GenerationOptions(
                    maxTokens, sampling, stop, logprobs, ignoreEos, contextShift, keep);
        }
    }
}
