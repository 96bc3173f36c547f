package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.config.KvType;
import mobilellm.testing.RealModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.util.ArrayList;
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
        try (RunningModel model = RunningModel.open(RealModel.path(), "scalar", 2)) {
            List<Answer> answers = answers(model, prompts, 16, KvType.F32);
            for (int p = 0; p < prompts.size(); p++) {
                SmolLm2Prompt prompt = prompts.get(p);
                float[][] logits = answers.get(p).logits;
                for (int position = 0; position < prompt.ids().length; position++) {
                    assertThat(prompt.largestDifference(position, logits[position]))
                            .as("%s, position %d", prompt.name(), position)
                            .isLessThan(2e-3);
                }
                int decided = Math.min(16, prompt.decidedSteps(DECIDED));
                assertThat(Arrays.copyOf(answers.get(p).text, decided))
                        .as(prompt.name())
                        .isEqualTo(Arrays.copyOf(prompt.greedyIds(), decided));
            }
        }
    }

    /// What rounding activations to int8 costs: measured for exact arithmetic otherwise, it is a mean KL divergence of
    /// at most 0.0083 on these prompts, with the same best token at 86 % of the positions or more.
    @ParameterizedTest
    @CsvSource({"vector, F16", "auto, F16", "auto, F32"})
    void int8KernelsLoseNoMoreThanRoundedActivationsDo(String kernels, KvType type)
            throws IOException {
        boolean machine = kernels.equals("auto"); // Vectors take half a minute for the long prompt.
        List<SmolLm2Prompt> prompts =
                SmolLm2Prompt.all().stream().filter(p -> machine || p.ids().length < ALL).toList();
        System.out.printf(
                "%s kernels, %s cache: largest difference of a top-50 logit, mean KL, same best"
                        + " token, equal greedy tokens of 24%n",
                kernels, type);
        try (RunningModel model = RunningModel.open(RealModel.path(), kernels, 2)) {
            List<Answer> answers = answers(model, prompts, 24, type);
            double allDivergences = 0;
            int positions = 0;
            for (int p = 0; p < prompts.size(); p++) {
                SmolLm2Prompt prompt = prompts.get(p);
                double largest = 0;
                double divergences = 0;
                int same = 0;
                float[][] logits = answers.get(p).logits;
                for (int row = 0; row < logits.length; row++) {
                    int position = prompt.firstPosition() + row;
                    largest = Math.max(largest, prompt.largestDifference(position, logits[row]));
                    divergences += prompt.divergence(position, logits[row]);
                    same += RunningModel.best(logits[row]) == prompt.best(position) ? 1 : 0;
                }
                int unequal = Arrays.mismatch(answers.get(p).text, prompt.greedyIds());
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

    /// What a model says to a prompt.
    private static final class Answer {
        final float[][] logits; // from the prompt's first known position on
        final int[] text; // what follows when always the best token is taken

        Answer(float[][] logits, int steps) {
            this.logits = logits;
            text = new int[steps];
            text[0] = RunningModel.best(logits[logits.length - 1]);
        }
    }

    /// Reads the prompts one after the other and continues them side by side.
    private static List<Answer> answers(
            RunningModel model, List<SmolLm2Prompt> prompts, int steps, KvType type) {
        List<KvCache> caches = new ArrayList<>();
        List<Answer> answers = new ArrayList<>();
        for (SmolLm2Prompt prompt : prompts) {
            KvCache cache = model.cache(prompt.ids().length + steps, type);
            float[][] logits = read(model.transformer(), prompt, cache);
            caches.add(cache);
            answers.add(new Answer(logits, steps));
        }
        float[] logits = new float[model.transformer().config().vocabularySize()];
        Batch batch = new Batch();
        for (int step = 1; step < steps; step++) {
            batch.clear();
            for (int p = 0; p < caches.size(); p++) {
                batch.add(caches.get(p), answers.get(p).text[step - 1], true);
            }
            model.transformer().forward(batch);
            for (int p = 0; p < caches.size(); p++) {
                model.transformer().logits(p, logits);
                answers.get(p).text[step] = RunningModel.best(logits);
            }
        }
        caches.forEach(KvCache::close);
        return answers;
    }

    private static float[][] read(Transformer transformer, SmolLm2Prompt prompt, KvCache cache) {
        int[] ids = prompt.ids();
        int first = prompt.firstPosition();
        float[][] logits = new float[ids.length - first][transformer.config().vocabularySize()];
        Batch batch = new Batch();
        for (int from = 0; from < ids.length; from += ALL) {
            batch.clear();
            for (int i = from; i < Math.min(ids.length, from + ALL); i++) {
                batch.add(cache, ids[i], i >= first);
            }
            transformer.forward(batch);
            for (int row = 0; row < batch.logitsRows(); row++) {
                transformer.logits(row, logits[Math.max(from, first) - first + row]);
            }
        }
        return logits;
    }
}
