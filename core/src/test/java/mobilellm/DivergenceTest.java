package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.config.LayerSharing;
import mobilellm.config.LayerSharing.Cache;
import mobilellm.config.LayerSharing.Strategy;
import mobilellm.engine.Session;
import mobilellm.evaluation.Divergence;
import mobilellm.evaluation.Perplexity;
import mobilellm.evaluation.Predictions;
import mobilellm.evaluation.Windows;
import mobilellm.testing.TinyModel;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/// Two models on the same tokens: the figures are those of their definitions.
class DivergenceTest {
    private static final LayerSharing PLAIN = new LayerSharing(Strategy.IMMEDIATE, 1, Cache.OWN);
    private static final LayerSharing TWICE = new LayerSharing(Strategy.IMMEDIATE, 2, Cache.OWN);

    private static final int[] IDS = new SplittableRandom(3).ints(150, 0, 40).toArray();

    /// Longer than a chunk of rows; the second half alone is predicted, so a chunk begins in the middle.
    private static final Windows WINDOWS = Windows.secondHalves(150, OptionalInt.of(7));

    @Test
    void everyFigureIsThatOfItsDefinition() {
        try (MobileLlm model = model(PLAIN);
                MobileLlm baseline = model(TWICE);
                Session session = model.session();
                Session reference = baseline.session()) {
            Divergence measured =
                    WINDOWS.compare(session, Predictions.of(reference), IDS, 9, step -> {});

            int[] inputs = Arrays.copyOf(IDS, 149);
            inputs[0] = 7;
            double[] divergences = new double[74];
            double differences = 0;
            double squares = 0;
            int agreements = 0;
            for (int i = 0; i < 74; i++) {
                int position = 75 + i;
                double[] q = probabilities(session, Arrays.copyOf(inputs, position + 1));
                double[] p = probabilities(reference, Arrays.copyOf(inputs, position + 1));
                for (int id = 0; id < p.length; id++) {
                    divergences[i] += p[id] * Math.log(p[id] / q[id]);
                }
                int target = IDS[position + 1];
                differences += Math.log(p[target] / q[target]) / 74;
                squares += Math.pow(p[target] - q[target], 2) / 74;
                agreements += best(p) == best(q) ? 1 : 0;
            }
            Arrays.sort(divergences);
            double mean = Arrays.stream(divergences).average().orElseThrow();
            assertThat(measured.model().tokens()).isEqualTo(74);
            assertThat(mean).isGreaterThan(0.01);
            assertThat(measured.mean()).isCloseTo(mean, within(1e-6));
            assertThat(measured.median()).isCloseTo(divergences[36], within(1e-6));
            assertThat(measured.percentile90()).isCloseTo(divergences[66], within(1e-6));
            assertThat(measured.percentile99()).isCloseTo(divergences[73], within(1e-6));
            assertThat(measured.largest()).isCloseTo(divergences[73], within(1e-6));
            assertThat(measured.lossDifference()).isCloseTo(differences, within(1e-6));
            assertThat(measured.probabilityDifference())
                    .isCloseTo(Math.sqrt(squares), within(1e-6));
            assertThat(measured.top1()).isEqualTo(agreements / 74.0);
        }
    }

    @Test
    void theTwoPerplexitiesAreThoseThatTheModelsHaveAlone() {
        try (MobileLlm model = model(PLAIN);
                MobileLlm baseline = model(TWICE);
                Session session = model.session();
                Session reference = baseline.session()) {
            Windows windows = new Windows(100, 25);
            Divergence both =
                    windows.compare(session, Predictions.of(reference), IDS, 9, step -> {});
            Perplexity alone = windows.measure(session, IDS, 9, step -> {});
            Perplexity other = windows.measure(reference, IDS, 9, step -> {});
            // A comparison sums in float64, a measurement in the kernels.
            assertThat(both.model().tokens()).isEqualTo(alone.tokens());
            assertThat(both.model().loss()).isCloseTo(alone.loss(), within(1e-6));
            assertThat(both.baseline().loss()).isCloseTo(other.loss(), within(1e-6));
            assertThat(alone.loss()).isNotCloseTo(other.loss(), within(1e-3));
        }
    }

    @Test
    void aModelDoesNotDivergeFromItself() {
        try (MobileLlm model = model(PLAIN);
                Session session = model.session();
                Session same = model.session()) {
            Divergence none = WINDOWS.compare(session, Predictions.of(same), IDS, 1, step -> {});
            assertThat(none.mean()).isZero();
            assertThat(none.largest()).isZero();
            assertThat(none.top1()).isEqualTo(1);
            assertThat(none.perplexityRatio()).isEqualTo(1);
        }
    }

    private static double[] probabilities(Session session, int[] context) {
        session.prefill(context, (done, total) -> true);
        float[] logits = session.logits();
        double[] probabilities = new double[logits.length];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        for (int id = 0; id < logits.length; id++) {
            probabilities[id] = Math.exp(logits[id]) / sum;
        }
        return probabilities;
    }

    private static int best(double[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }

    private static MobileLlm model(LayerSharing sharing) {
        return MobileLlm.of(
                TinyModel.tensors(),
                TinyModel.config(),
                TinyModel::tokenizer,
                Optional.empty(),
                LoadOptions.builder().threads(2).kernels("scalar").sharing(sharing).build());
    }
}
