package mobilellm.app;

import mobilellm.Generation;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;
import mobilellm.Timings;
import mobilellm.sampling.SamplingOptions;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/// A loaded model under measurement, with what was measured.
final class BenchSubject {
    private static final int SHORT_PROMPT = 16;

    /// Positions that the first token needs.
    static final int LEAST_CONTEXT = SHORT_PROMPT + 1;

    private final MobileLlm model;
    private final double loadMillis;
    private final double firstTokenMillis;
    private final long seed;
    private final List<Run> runs = new ArrayList<>();

    /// One measured run.
    ///
    /// @param prefill tokens a second while a prompt was read
    /// @param decode tokens a second while tokens were made one by one
    /// @param residentBytes memory of the process after it
    record Run(double prefill, double decode, OptionalLong residentBytes) {}

    /// Makes the model's first token, while hardly any code is compiled yet.
    ///
    /// @param loadMillis how long it took to load the model
    /// @param seed of the random ids that prompts consist of
    BenchSubject(MobileLlm model, double loadMillis, long seed) {
        this.model = model;
        this.loadMillis = loadMillis;
        this.seed = seed;
        firstTokenMillis = generate(SHORT_PROMPT, 1).firstTokenSeconds() * 1e3;
    }

    MobileLlm model() {
        return model;
    }

    double loadMillis() {
        return loadMillis;
    }

    double firstTokenMillis() {
        return firstTokenMillis;
    }

    List<Run> runs() {
        return runs;
    }

    Spread spread(ToDoubleFunction<Run> rate) {
        return Spread.of(runs.stream().mapToDouble(rate).toArray());
    }

    /// Reads a prompt of `prefill` tokens; then makes `decode` tokens in a row, from an empty context.
    Run run(int prefill, int decode) {
        double prefillRate = generate(prefill, 0).prefillTokensPerSecond();
        // The token after the only id of the prompt is not counted.
        double decodeRate = generate(1, decode + 1).decodeTokensPerSecond();
        return new Run(prefillRate, decodeRate, Machine.residentBytes());
    }

    private Timings generate(int promptLength, int tokens) {
        GenerationOptions options =
                GenerationOptions.builder()
                        .sampling(SamplingOptions.greedy())
                        .maxTokens(tokens)
                        .ignoreEos(true)
                        .build();
        int[] prompt =
                new SplittableRandom(seed)
                        .ints(promptLength, 0, model.config().vocabularySize())
                        .toArray();
        try (Generation generation = model.generate(prompt, options)) {
            return generation.timings();
        }
    }
}
