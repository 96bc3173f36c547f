package mobilellm.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;

/// Takes two models' logits at the same positions and sums up how they differ. Memory is 4 bytes a position.
final class Divergences {
    private final Losses model = new Losses();
    private final Losses baseline = new Losses();
    private final Losses differences = new Losses();
    private final Losses divergences = new Losses();
    private float[] each = new float[1024]; // divergence of each position, for the percentiles
    private long agreements;
    private double squares; // of the differences of the target's probability

    /// What one position contributes.
    private record Position(
            double modelLoss, double baselineLoss, double divergence, boolean agrees) {}

    /// Rows are independent and computed in parallel; they are added up in order, so that the sums do not depend on it.
    ///
    /// @param rows how many of the arrays are in use
    /// @param modelLogits `[rows][vocabulary]`
    /// @param baselineLogits `[rows][vocabulary]`
    /// @param targets `[rows]` the token that follows
    void add(int rows, float[][] modelLogits, float[][] baselineLogits, int[] targets) {
        Position[] positions = new Position[rows];
        IntStream.range(0, rows)
                .parallel()
                .forEach(
                        row ->
                                positions[row] =
                                        position(
                                                modelLogits[row],
                                                baselineLogits[row],
                                                targets[row]));
        for (Position position : positions) {
            add(position);
        }
    }

    private static Position position(float[] model, float[] baseline, int target) {
        double modelSum = LogSoftmax.logSum(model);
        double baselineSum = LogSoftmax.logSum(baseline);
        double divergence = 0;
        int modelBest = 0;
        int baselineBest = 0;
        for (int id = 0; id < model.length; id++) {
            double p = baseline[id] - baselineSum;
            divergence += Math.exp(p) * (p - (model[id] - modelSum));
            modelBest = model[id] > model[modelBest] ? id : modelBest;
            baselineBest = baseline[id] > baseline[baselineBest] ? id : baselineBest;
        }
        return new Position(
                modelSum - model[target],
                baselineSum - baseline[target],
                // Rounding can take it a hair below the zero that it cannot be below.
                Math.max(0, divergence),
                modelBest == baselineBest);
    }

    private void add(Position position) {
        int index = (int) divergences.count();
        each = index < each.length ? each : Arrays.copyOf(each, 2 * index);
        each[index] = (float) position.divergence();
        model.add(position.modelLoss());
        baseline.add(position.baselineLoss());
        differences.add(position.modelLoss() - position.baselineLoss());
        divergences.add(position.divergence());
        agreements += position.agrees() ? 1 : 0;
        double difference = Math.exp(-position.modelLoss()) - Math.exp(-position.baselineLoss());
        squares += difference * difference;
    }

    Divergence sum() {
        int count = (int) divergences.count();
        float[] sorted = Arrays.copyOf(each, count);
        Arrays.sort(sorted);
        return new Divergence(
                model.perplexity(),
                baseline.perplexity(),
                differences.mean(),
                differences.error(),
                divergences.mean(),
                divergences.error(),
                percentile(sorted, 50),
                percentile(sorted, 90),
                percentile(sorted, 99),
                sorted[count - 1],
                (double) agreements / count,
                Math.sqrt(squares / count));
    }

    /// The smallest number that at least so many per cent are not above (nearest rank).
    private static double percentile(float[] sorted, int percent) {
        return sorted[Math.max(0, Math.ceilDiv(sorted.length * percent, 100) - 1)];
    }
}
