package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.LogitReduction;

import org.junit.jupiter.api.Test;

import java.util.Random;

/// Logits in tiles and reduced logits are those of a pass that computes them all.
class HeadTest {
    private static final int ROWS = 100; // more than a tile
    private static final ModelConfig CONFIG = MixedModel.config(LayerSharing.NONE);
    private static final int[] IDS = new Random(3).ints(ROWS, 0, CONFIG.vocabularySize()).toArray();

    /// Every second row is wanted.
    private static Batch batch(KvCache cache) {
        Batch batch = new Batch();
        for (int i = 0; i < ROWS; i++) {
            batch.add(cache, IDS[i], i % 4 != 1);
        }
        return batch;
    }

    @Test
    void reductionsAreThoseOfAllLogits() {
        for (KernelProvider kernels : Kernels.usable()) {
            try (RunningModel model =
                            new RunningModel(
                                    MixedModel.tensors(CONFIG, 1), CONFIG, kernels.name(), 2);
                    KvCache cache = model.cache(ROWS, KvType.F16);
                    KvCache again = model.cache(ROWS, KvType.F16)) {
                Transformer transformer = model.transformer();
                Batch batch = batch(cache);
                transformer.forward(batch);
                float[][] logits =
                        new float[batch.logitsRows()][transformer.config().vocabularySize()];
                for (int row = 0; row < logits.length; row++) {
                    transformer.logits(row, logits[row]);
                }

                transformer.advance(batch(again));
                assertThatThrownBy(() -> transformer.logits(0, logits[0]))
                        .hasMessageContaining("logits of 0 rows");
                assertReduced(transformer, logits, kernels.name());
            }
        }
    }

    private static void assertReduced(Transformer transformer, float[][] logits, String kernels) {
        int[][] targets = new int[logits.length][];
        for (int row = 0; row < targets.length; row++) {
            targets[row] = new int[] {row, logits[row].length - 1 - row};
        }
        LogitReduction reduced = transformer.score(targets);
        for (int row = 0; row < logits.length; row++) {
            double sum = 0;
            for (float logit : logits[row]) {
                sum += Math.exp(logit);
            }
            assertThat(reduced.logSum(row)).as(kernels).isCloseTo(Math.log(sum), within(2e-6));
            assertThat(reduced.best(row)).isEqualTo(RunningModel.best(logits[row]));
            assertThat(reduced.targetLogit(row, 1)).isEqualTo(logits[row][targets[row][1]]);
        }
    }

    @Test
    void whatWasNotComputedIsRefused() {
        try (RunningModel model =
                        new RunningModel(MixedModel.tensors(CONFIG, 0), CONFIG, "auto", 1);
                KvCache cache = model.cache(ROWS, KvType.F32)) {
            Transformer transformer = model.transformer();
            transformer.advance(batch(cache));
            int[][] targets = new int[75][0];
            targets[74] = new int[] {CONFIG.vocabularySize()};
            assertThatThrownBy(() -> transformer.score(new int[1][0]))
                    .hasMessageContaining("75 wanted rows, got targets for 1");
            assertThatThrownBy(() -> transformer.score(targets))
                    .hasMessageContaining("outside the vocabulary");
        }
    }
}
