package mobilellm.engine;

import static mobilellm.engine.TinyEngine.ids;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.testing.TinyModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/// Predictions that share batches, contexts and caches have the bits that each has alone.
class PredictionScorerTest {
    /// Contexts with several choices, among them one-token ones, a repeated one, one that is the beginning of another, and
    /// whole sequences of which all is predicted.
    private static List<Prediction> predictions() {
        List<Prediction> predictions = new ArrayList<>();
        Random random = new Random(5);
        for (int document = 0; document < 12; document++) {
            int[] context = random.ints(3 + 11 * document, 0, 96).toArray();
            for (int choice = 0; choice < 4; choice++) {
                int[] continuation = random.ints(choice < 2 ? 1 : 1 + 3 * choice, 0, 96).toArray();
                int[] all =
                        IntStream.concat(IntStream.of(context), IntStream.of(continuation))
                                .toArray();
                predictions.add(new Prediction(all, continuation.length));
            }
            predictions.add(predictions.getLast());
            predictions.add(
                    new Prediction(Arrays.copyOf(context, context.length), context.length - 1));
        }
        return predictions;
    }

    private static List<Likelihood> score(PredictionScorer scorer, List<Prediction> predictions) {
        Likelihood[] likelihoods = new Likelihood[predictions.size()];
        scorer.score(predictions, (index, likelihood) -> likelihoods[index] = likelihood);
        return List.of(likelihoods);
    }

    @ParameterizedTest
    @CsvSource({"scalar, 1, 1", "scalar, 7, 2", "vector, 40, 2", "vector, 512, 3"})
    void neitherBatchNorOrderNorThreadsNorCompanyMatter(
            String kernels, int batchRows, int threads) {
        List<Prediction> predictions = predictions();
        try (TinyEngine engine = new TinyEngine(kernels, LayerSharing.NONE, 1);
                TinyEngine other = new TinyEngine(kernels, LayerSharing.NONE, threads);
                PredictionScorer alone = engine.scorer(512);
                PredictionScorer together = other.scorer(batchRows)) {
            List<Likelihood> expected =
                    predictions.stream().map(one -> score(alone, List.of(one)).getFirst()).toList();
            assertThat(score(together, predictions)).isEqualTo(expected);
            List<Prediction> shuffled = new ArrayList<>(predictions);
            Collections.shuffle(shuffled, new Random(3));
            List<Likelihood> others = score(together, shuffled);
            for (int i = 0; i < shuffled.size(); i++) {
                int index = predictions.indexOf(shuffled.get(i));
                assertThat(others.get(i)).isEqualTo(expected.get(index));
            }
        }
    }

    @Test
    void aLikelihoodIsTheSumOfWhatTheLogitsSay() {
        int[] ids = ids(30);
        try (TinyEngine engine = new TinyEngine("scalar", LayerSharing.NONE);
                Session session = engine.session(KvType.F16);
                PredictionScorer scorer = engine.scorer(64)) {
            double[] sum = new double[1];
            session.logits(
                    Arrays.copyOf(ids, 29),
                    19,
                    16,
                    (position, logits) -> {
                        double all = 0;
                        for (float logit : logits) {
                            all += Math.exp(logit);
                        }
                        sum[0] += logits[ids[position + 1]] - Math.log(all);
                    });
            Likelihood likelihood = score(scorer, List.of(new Prediction(ids, 10))).getFirst();
            assertThat(likelihood.logLikelihood()).isCloseTo(sum[0], within(1e-5));
            assertThat(likelihood.isGreedy()).isFalse();
        }
    }

    @Test
    void whatTheModelWouldWriteIsGreedy() {
        try (TinyEngine engine = new TinyEngine("scalar", LayerSharing.NONE);
                Session session = engine.session(KvType.F16);
                PredictionScorer scorer = engine.scorer(64)) {
            session.prefill(ids(8), (done, total) -> true);
            for (int i = 0; i < 5; i++) {
                float[] logits = session.logits();
                int best = 0;
                for (int id = 1; id < logits.length; id++) {
                    best = logits[id] > logits[best] ? id : best;
                }
                session.append(best);
            }
            assertThat(score(scorer, List.of(new Prediction(session.ids(), 5))))
                    .allMatch(Likelihood::isGreedy);
        }
    }

    @Test
    void sharedContextsAreComputedOnce() {
        int[] context = ids(60);
        List<Prediction> predictions = new ArrayList<>();
        for (int choice = 0; choice < 4; choice++) {
            int[] all = Arrays.copyOf(context, 65);
            Arrays.fill(all, 60, 65, choice);
            predictions.add(new Prediction(all, 5));
            predictions.add(new Prediction(Arrays.copyOf(all, 61), 1));
        }
        try (TinyEngine engine = new TinyEngine("scalar", LayerSharing.NONE);
                PredictionScorer scorer = engine.scorer(64)) {
            long[] rows = new long[1];
            scorer.score(
                    predictions,
                    new LikelihoodListener() {
                        @Override
                        public void onLikelihood(int index, Likelihood likelihood) {}

                        @Override
                        public void onProgress(long done, long total) {
                            rows[0] = done;
                        }
                    });
            // The context once, and four rows of each choice: a last id is never read.
            assertThat(rows[0]).isEqualTo(60 + 4 * 4);
        }
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeAnythingIsComputed() {
        try (TinyEngine engine = new TinyEngine("scalar", LayerSharing.NONE);
                PredictionScorer scorer = engine.scorer(64)) {
            List<Prediction> predictions =
                    List.of(
                            new Prediction(ids(TinyModel.CONTEXT + 1), 1),
                            new Prediction(ids(TinyModel.CONTEXT + 2), 1));
            assertThatThrownBy(
                            () ->
                                    scorer.score(
                                            predictions,
                                            (index, likelihood) -> {
                                                throw new AssertionError();
                                            }))
                    .isInstanceOf(ContextLengthException.class);
            assertThat(score(scorer, predictions.subList(0, 1))).hasSize(1);
            assertThat(score(scorer, List.of())).isEmpty();
        }
    }
}
