package mobilellm.model;

import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import java.io.IOException;
import java.util.List;

/// A prompt with what Transformers answers on the real model's weights: the 50 largest logits from a position on, and a
/// greedy continuation.
final class SmolLm2Prompt {
    private final JsonRow row;
    private final double[][] topIds; // [position - firstPosition][50], best first
    private final double[][] topLogits; // [position - firstPosition][50]
    private final double[] logSums; // [position]

    private SmolLm2Prompt(JsonRow row, ReferenceTensors tensors) {
        this.row = row;
        topIds = tensors.rows(row.text("name") + ".top_ids");
        topLogits = tensors.rows(row.text("name") + ".top_logits");
        logSums = tensors.values(row.text("name") + ".log_sum_exp");
    }

    static List<SmolLm2Prompt> all() throws IOException {
        ReferenceTensors tensors =
                ReferenceTensors.read(Shared.path("fixtures/smollm2/logits.safetensors"));
        return JsonRow.read(Shared.path("fixtures/smollm2/prompts.json")).rows("prompts").stream()
                .map(row -> new SmolLm2Prompt(row, tensors))
                .toList();
    }

    String name() {
        return row.text("name");
    }

    int[] ids() {
        return row.ids("ids");
    }

    /// The first position whose largest logits are known.
    int firstPosition() {
        return (int) row.number("first_position_with_top");
    }

    int[] greedyIds() {
        return row.row("greedy").ids("ids");
    }

    /// Greedy steps before the first at which the best logit leads by less than `gap`.
    int decidedSteps(double gap) {
        List<?> gaps = row.row("greedy").list("gaps");
        int steps = 0;
        while (steps < gaps.size() && (double) gaps.get(steps) >= gap) {
            steps++;
        }
        return steps;
    }

    int best(int position) {
        return (int) topIds[position - firstPosition()][0];
    }

    /// The largest difference of one of the 50 logits.
    double largestDifference(int position, float[] logits) {
        int at = position - firstPosition();
        double largest = 0;
        for (int rank = 0; rank < topIds[at].length; rank++) {
            double difference = logits[(int) topIds[at][rank]] - topLogits[at][rank];
            largest = Math.max(largest, Math.abs(difference));
        }
        return largest;
    }

    /// Kullback-Leibler divergence of the distribution that the logits give from the known one, all tokens but the 50
    /// taken as one.
    double divergence(int position, float[] logits) {
        int at = position - firstPosition();
        double logSum = logSum(logits);
        double divergence = 0;
        double rest = 1;
        double restOfLogits = 1;
        for (int rank = 0; rank < topIds[at].length; rank++) {
            double expected = topLogits[at][rank] - logSums[position];
            double actual = logits[(int) topIds[at][rank]] - logSum;
            divergence += Math.exp(expected) * (expected - actual);
            rest -= Math.exp(expected);
            restOfLogits -= Math.exp(actual);
        }
        return divergence
                + Math.max(0, rest) * Math.log(Math.max(1e-9, rest) / Math.max(1e-9, restOfLogits));
    }

    private static double logSum(float[] logits) {
        double largest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        return largest + Math.log(sum);
    }
}
