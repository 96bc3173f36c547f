package mobilellm.app;

import mobilellm.Generation;
import mobilellm.GenerationBatch;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;
import mobilellm.OperationCost;
import mobilellm.Timings;
import mobilellm.sampling.SamplingOptions;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/// A loaded model under measurement, with what was measured.
final class BenchSubject {
    private static final int SHORT_PROMPT = 16;

    /// Positions that the first token needs.
    static final int LEAST_CONTEXT = SHORT_PROMPT + 1;

    private final String modelName;
    private final String title;
    private final MobileLlm model;
    private final Traffic traffic;
    private final double loadMillis;
    private final double firstTokenMillis;
    private final long seed;
    private final List<Run> runs = new ArrayList<>();
    private final Map<Integer, Spread> together = new LinkedHashMap<>();
    private List<OperationCost> operations = List.of();

    /// One measured run.
    ///
    /// @param prefill tokens a second while a prompt was read
    /// @param decode tokens a second while tokens were made one by one
    /// @param residentBytes memory of the process after it
    record Run(double prefill, double decode, OptionalLong residentBytes) {}

    /// Makes the model's first token, while hardly any code is compiled yet.
    ///
    /// @param title that tells it from the others
    /// @param traffic bytes that a token reads
    /// @param loadMillis how long it took to load the model
    /// @param seed of the random ids that prompts consist of
    BenchSubject(
            String modelName,
            String title,
            MobileLlm model,
            Traffic traffic,
            double loadMillis,
            long seed) {
        this.modelName = modelName;
        this.title = Text.printable(title);
        this.model = model;
        this.traffic = traffic;
        this.loadMillis = loadMillis;
        this.seed = seed;
        firstTokenMillis = generate(SHORT_PROMPT, 1).firstTokenSeconds() * 1e3;
    }

    String modelName() {
        return modelName;
    }

    String title() {
        return title;
    }

    MobileLlm model() {
        return model;
    }

    Traffic traffic() {
        return traffic;
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

    /// Decode rates by the number of sequences.
    Map<Integer, Spread> together() {
        return together;
    }

    /// What the time goes to; empty before [#measureOperations].
    List<OperationCost> operations() {
        return operations;
    }

    void measureOperations(int prefill, int depth, int decode) {
        operations = model.operationCosts(prompt(prefill, seed), depth, decode);
    }

    Spread spread(ToDoubleFunction<Run> rate) {
        return Spread.of(runs.stream().mapToDouble(rate).toArray());
    }

    /// Reads a prompt of `prefill` tokens; then makes `decode` tokens in a row, with `depth` tokens in the cache before.
    Run run(int prefill, int depth, int decode) {
        double prefillRate = generate(prefill, 0).prefillTokensPerSecond();
        // The token after the prompt is not counted.
        double decodeRate = generate(Math.max(1, depth), decode + 1).decodeTokensPerSecond();
        return new Run(prefillRate, decodeRate, Machine.residentBytes());
    }

    /// Generates as many tokens in several sequences at once.
    ///
    /// @return tokens a second of all sequences together, after the first of each
    double decodeTogether(int count, int decode) {
        try (GenerationBatch batch = model.batch(count)) {
            for (int i = 0; i < count; i++) {
                batch.add(prompt(1, seed + i), options(decode + 1));
            }
            batch.step();
            long start = System.nanoTime();
            while (!batch.isEmpty()) {
                batch.step();
            }
            return count * (double) decode / ((System.nanoTime() - start) / 1e9);
        }
    }

    private Timings generate(int promptLength, int tokens) {
        try (Generation generation = model.generate(prompt(promptLength, seed), options(tokens))) {
            return generation.timings();
        }
    }

    private int[] prompt(int length, long ofSeed) {
        return new SplittableRandom(ofSeed)
                .ints(length, 0, model.config().vocabularySize())
                .toArray();
    }

    private static GenerationOptions options(int tokens) {
        return GenerationOptions.builder()
                .sampling(SamplingOptions.greedy())
                .maxTokens(tokens)
                .ignoreEos(true)
                .build();
    }
}
