package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.testing.JsonRow;
import mobilellm.testing.RealModel;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.List;

/// The oracle against Transformers on the real model's dequantised weights, with prompts short enough for plain loops.
@TestInstance(
        TestInstance.Lifecycle.PER_CLASS) // the weights take 540 MB: one reference for all tests
class SmolLm2ReferenceTest {
    /// What float32 and float64 may differ by, from the notes beside the reference outputs.
    private static final double FLOAT32 = 2e-3;

    private final Reference reference;
    private final ReferenceTensors expected;
    private final List<JsonRow> prompts;

    SmolLm2ReferenceTest() throws IOException {
        expected = ReferenceTensors.read(Shared.path("fixtures/smollm2/logits.safetensors"));
        prompts = JsonRow.read(Shared.path("fixtures/smollm2/prompts.json")).rows("prompts");
        try (Checkpoint checkpoint = Checkpoint.open(RealModel.path())) {
            reference = new Reference(checkpoint.tensors(), checkpoint.config());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"one-token", "fact", "repetition", "prose"})
    void logitsAndProbabilitiesEqualTransformers(String name) {
        JsonRow prompt = prompt(name);
        int[] ids = prompt.ids("ids");
        double[][] topIds = expected.rows(name + ".top_ids");
        double[][] topLogits = expected.rows(name + ".top_logits");
        double[] logSums = expected.values(name + ".log_sum_exp");

        double[][] logits = reference.logits(ids);

        double logprobs = 0;
        for (int position = 0; position < ids.length; position++) {
            for (int rank = 0; rank < topIds[position].length; rank++) {
                assertThat(logits[position][(int) topIds[position][rank]])
                        .isEqualTo(topLogits[position][rank], within(FLOAT32));
            }
            double logSum = logSum(logits[position]);
            assertThat(logSum).isEqualTo(logSums[position], within(1e-5));
            if (position + 1 < ids.length) {
                logprobs += logits[position][ids[position + 1]] - logSum;
            }
        }
        if (prompt.has("mean_logprob")) {
            assertThat(logprobs / (ids.length - 1))
                    .isEqualTo(prompt.number("mean_logprob"), within(1e-9));
        }
    }

    @Test
    void residualStreamEqualsTransformersAfterEachLayer() {
        double[] stored = expected.values("fact.hidden"); // [31, 5, 576]

        List<double[][]> states = reference.hiddenStates(prompt("fact").ids("ids"));

        assertThat(states).hasSize(31);
        for (int layer = 0; layer <= 30; layer++) {
            for (int position = 0; position < 5; position++) {
                for (int i = 0; i < 576; i++) {
                    double value = stored[(layer * 5 + position) * 576 + i];
                    assertThat(states.get(layer)[position][i])
                            .as("layer %d, position %d, dimension %d", layer, position, i)
                            .isEqualTo(value, within(1e-4 * Math.max(1, Math.abs(value))));
                }
            }
        }
    }

    private static double logSum(double[] logits) {
        double largest = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - largest);
        }
        return largest + Math.log(sum);
    }

    private JsonRow prompt(String name) {
        return prompts.stream()
                .filter(row -> row.text("name").equals(name))
                .findFirst()
                .orElseThrow();
    }
}
