package mobilellm.evaluation;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Whether one run does better than another on the same documents. Because the documents are the same, their difficulty
/// cancels out: two scores differ significantly long before their own error bars part.
///
/// @param documents that both runs answered
/// @param onlyFirst answered rightly by the first run alone
/// @param onlySecond answered rightly by the second run alone
/// @param low of 10,000 bootstrap resamples
/// @param high of the same
/// @param pValue exact two-sided McNemar test (McNemar 1947): how often runs that are equally good differ as much
public record PairedComparison(
        int documents,
        int onlyFirst,
        int onlySecond,
        double difference,
        double error,
        double low,
        double high,
        double pValue)
        implements PairedDifference {
    private static final int RESAMPLES = 10_000;
    private static final int SEED = 1234;

    /// The mean difference of several tasks, whatever their sizes: of what papers call the average.
    ///
    /// @param documents of all tasks together
    public record Mean(int tasks, int documents, double difference, double error)
            implements PairedDifference {
        @Override
        public double low() {
            return difference - NORMAL_95 * error;
        }

        @Override
        public double high() {
            return difference + NORMAL_95 * error;
        }
    }

    /// Compares two runs.
    ///
    /// @param first 1 for each document that the first run answered rightly, else 0
    /// @param second the same of the second run, in the same order
    /// @throws IllegalArgumentException if there are less than two documents, or not equally many
    public static PairedComparison of(double[] first, double[] second) {
        if (first.length != second.length || first.length < 2) {
            throw new IllegalArgumentException(
                    "two or more documents of both runs are needed, got %d and %d"
                            .formatted(first.length, second.length));
        }
        double[] differences = new double[first.length];
        int onlyFirst = 0;
        int onlySecond = 0;
        for (int i = 0; i < first.length; i++) {
            differences[i] = second[i] - first[i];
            onlyFirst += differences[i] < 0 ? 1 : 0;
            onlySecond += differences[i] > 0 ? 1 : 0;
        }
        double[] means = resampledMeans(differences);
        return new PairedComparison(
                first.length,
                onlyFirst,
                onlySecond,
                Arrays.stream(differences).average().orElseThrow(),
                Measurement.deviation(differences) / Math.sqrt(first.length),
                means[(int) (0.025 * RESAMPLES)],
                means[(int) (0.975 * RESAMPLES) - 1],
                mcNemar(onlyFirst, onlySecond));
    }

    /// The mean over tasks.
    ///
    /// @param tasks with different documents, at least one
    public static Mean mean(List<PairedComparison> tasks) {
        double sum = 0;
        double squares = 0;
        int documents = 0;
        for (PairedComparison task : tasks) {
            sum += task.difference;
            squares += task.error * task.error;
            documents += task.documents;
        }
        int count = tasks.size();
        return new Mean(count, documents, sum / count, Math.sqrt(squares) / count);
    }

    private static double[] resampledMeans(double[] differences) {
        SplittableRandom random = new SplittableRandom(SEED);
        double[] means = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            double sum = 0;
            for (int k = 0; k < differences.length; k++) {
                sum += differences[random.nextInt(differences.length)];
            }
            means[i] = sum / differences.length;
        }
        Arrays.sort(means);
        return means;
    }

    /// Twice the chance of at most the smaller count in as many throws of a coin.
    private static double mcNemar(int one, int other) {
        int throwsOfCoin = one + other;
        double logChance = -throwsOfCoin * Math.log(2);
        double chance = 0;
        for (int heads = 0; heads <= Math.min(one, other); heads++) {
            chance += Math.exp(logChance);
            logChance += Math.log(throwsOfCoin - heads) - Math.log(heads + 1);
        }
        return Math.min(1, 2 * chance);
    }
}
