package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.config.KvType;
import mobilellm.testing.RealModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// The forward pass against Transformers, with the real model. Tolerances are from the notes beside the reference outputs.
class ParityTest {
    private static final int ALL = 512;

    /// Greedy steps whose best two logits are closer than this may go either way.
    private static final double DECIDED = 1e-3;

    @Test
    void scalarKernelsGiveTheLogitsAndTheGreedyTextOfTransformers() throws IOException {
        List<SmolLm2Prompt> prompts =
                SmolLm2Prompt.all().stream()
                        .filter(
                                prompt ->
                                        List.of("prose", "fact", "one-token", "repetition")
                                                .contains(prompt.name()))
                        .toList();
        int[][] sequences = prompts.stream().map(SmolLm2Prompt::ids).toArray(int[][]::new);
        try (RunningModel model = RunningModel.open(RealModel.path(), "scalar", 2)) {
            float[][][] logits = model.logits(sequences, ALL, KvType.F32);
            for (int p = 0; p < sequences.length; p++) {
                SmolLm2Prompt prompt = prompts.get(p);
                for (int position = 0; position < sequences[p].length; position++) {
                    assertThat(prompt.largestDifference(position, logits[p][position]))
                            .as("%s, position %d", prompt.name(), position)
                            .isLessThan(2e-3);
                }
            }
            int[][] texts = greedy(model, sequences, 16, KvType.F32);
            for (int p = 0; p < sequences.length; p++) {
                int decided = Math.min(16, prompts.get(p).decidedSteps(DECIDED));
                assertThat(Arrays.copyOf(texts[p], decided))
                        .as(prompts.get(p).name())
                        .isEqualTo(Arrays.copyOf(prompts.get(p).greedyIds(), decided));
            }
        }
    }

    /// What rounding activations to int8 costs: measured for exact arithmetic otherwise, it is a mean KL divergence of
    /// at most 0.0083 on these prompts, with the same best token at 86 % of the positions or more.
    @ParameterizedTest
    @CsvSource({"vector, F16", "auto, F16", "auto, F32"})
    void int8KernelsLoseNoMoreThanRoundedActivationsDo(String kernels, KvType type)
            throws IOException {
        List<SmolLm2Prompt> prompts = SmolLm2Prompt.all();
        int[][] sequences = prompts.stream().map(SmolLm2Prompt::ids).toArray(int[][]::new);
        System.out.printf(
                "%s kernels, %s cache: largest difference of a top-50 logit, mean KL, same best"
                        + " token, equal greedy tokens of 24%n",
                kernels, type);
        try (RunningModel model = RunningModel.open(RealModel.path(), kernels, 2)) {
            int[][] texts = greedy(model, sequences, 24, type);
            double allDivergences = 0;
            int positions = 0;
            for (int p = 0; p < sequences.length; p++) {
                SmolLm2Prompt prompt = prompts.get(p);
                double largest = 0;
                double divergences = 0;
                int same = 0;
                float[][] logits = lastLogits(model, sequences[p], prompt.firstPosition(), type);
                for (int row = 0; row < logits.length; row++) {
                    int position = prompt.firstPosition() + row;
                    largest = Math.max(largest, prompt.largestDifference(position, logits[row]));
                    divergences += prompt.divergence(position, logits[row]);
                    same += RunningModel.best(logits[row]) == prompt.best(position) ? 1 : 0;
                }
                int unequal = Arrays.mismatch(texts[p], prompt.greedyIds());
                System.out.printf(
                        Locale.ROOT,
                        "%-18s %.3f  %.5f  %2d of %2d  %2d%n",
                        prompt.name(),
                        largest,
                        divergences / logits.length,
                        same,
                        logits.length,
                        Math.min(24, unequal));
                assertThat(divergences / logits.length).as(prompt.name()).isLessThan(0.0125);
                assertThat(same).as(prompt.name()).isGreaterThanOrEqualTo(logits.length * 4 / 5);
                allDivergences += divergences;
                positions += logits.length;
            }
            System.out.printf(Locale.ROOT, "mean KL of all %.5f%n", allDivergences / positions);
        }
    }

    /// Logits from position `first` on.
    private static float[][] lastLogits(RunningModel model, int[] ids, int first, KvType type) {
        Transformer transformer = model.transformer();
        float[][] logits = new float[ids.length - first][transformer.config().vocabularySize()];
        Batch batch = new Batch();
        try (KvCache cache = model.cache(ids.length, type)) {
            for (int from = 0; from < ids.length; from += ALL) {
                batch.clear();
                int to = Math.min(ids.length, from + ALL);
                for (int i = from; i < to; i++) {
                    batch.add(cache, ids[i], i >= first);
                }
                transformer.forward(batch);
                for (int row = 0; row < batch.logitsRows(); row++) {
                    transformer.logits(row, logits[Math.max(from, first) - first + row]);
                }
            }
        }
        return logits;
    }

    /// What follows each prompt when always the best token is taken, all prompts side by side.
    private static int[][] greedy(RunningModel model, int[][] prompts, int steps, KvType type) {
        Transformer transformer = model.transformer();
        int[][] texts = new int[prompts.length][steps];
        KvCache[] caches = new KvCache[prompts.length];
        float[] logits = new float[transformer.config().vocabularySize()];
        Batch batch = new Batch();
        for (int p = 0; p < prompts.length; p++) {
            caches[p] = model.cache(prompts[p].length + steps, type);
            batch.clear();
            for (int i = 0; i < prompts[p].length - 1; i++) {
                batch.add(caches[p], prompts[p][i], false);
                if (batch.size() == ALL) {
                    transformer.forward(batch);
                    batch.clear();
                }
            }
            if (batch.size() > 0) {
                transformer.forward(batch);
            }
        }
        for (int step = 0; step < steps; step++) {
            batch.clear();
            for (int p = 0; p < prompts.length; p++) {
                int token = step == 0 ? prompts[p][prompts[p].length - 1] : texts[p][step - 1];
                batch.add(caches[p], token, true);
            }
            transformer.forward(batch);
            for (int p = 0; p < prompts.length; p++) {
                transformer.logits(p, logits);
                texts[p][step] = RunningModel.best(logits);
            }
        }
        for (KvCache cache : caches) {
            cache.close();
        }
        return texts;
    }
}
