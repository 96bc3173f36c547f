package mobilellm.evaluation;

import mobilellm.evaluation.task.Metric;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/// A metric of a task.
///
/// @param error its standard error, where there is one
/// @param documents that it was measured on
public record Measurement(Metric metric, double value, OptionalDouble error, int documents) {
    private static final int RESAMPLES = 100_000;
    private static final int RESAMPLES_PER_SEED = 1000;

    /// What one document contributes.
    ///
    /// @param weight words or bytes, where the metric is for each of them; else 1
    public record Sample(double value, double weight) {}

    /// Measures a task by its documents. Standard errors are those of lm-evaluation-harness: of a mean the one of the
    /// sample, of a perplexity that of 100,000 resamples with the harness's own random numbers, of perplexities for each
    /// word or byte none.
    static Measurement of(Metric metric, List<Sample> samples) {
        double[] values = samples.stream().mapToDouble(Sample::value).toArray();
        double sum = 0;
        double weight = 0;
        for (Sample sample : samples) {
            sum += sample.value;
            weight += sample.weight;
        }
        double mean = sum / weight;
        double value =
                switch (metric.summary()) {
                    case MEAN -> mean;
                    case PERPLEXITY, WEIGHTED_PERPLEXITY -> Math.exp(-mean);
                    case BITS -> -mean / Math.log(2);
                };
        OptionalDouble error =
                values.length < 2
                        ? OptionalDouble.empty()
                        : switch (metric.summary()) {
                            case MEAN ->
                                    OptionalDouble.of(deviation(values) / Math.sqrt(values.length));
                            case PERPLEXITY -> OptionalDouble.of(resampledError(values));
                            case WEIGHTED_PERPLEXITY, BITS -> OptionalDouble.empty();
                        };
        return new Measurement(metric, value, error, values.length);
    }

    /// The mean of a metric over tasks, whatever their sizes: what papers call the average.
    ///
    /// @param measurements of different documents
    public static Measurement average(List<Measurement> measurements) {
        double sum = measurements.stream().mapToDouble(Measurement::value).sum();
        double squares =
                measurements.stream()
                        .mapToDouble(one -> one.error().orElse(Double.NaN))
                        .map(error -> error * error)
                        .sum();
        double error = Math.sqrt(squares) / measurements.size();
        return new Measurement(
                measurements.getFirst().metric(),
                sum / measurements.size(),
                Double.isNaN(error) ? OptionalDouble.empty() : OptionalDouble.of(error),
                measurements.stream().mapToInt(Measurement::documents).sum());
    }

    /// The standard deviation of a sample, with n - 1 in the denominator.
    public static double deviation(double[] values) {
        double mean = 0;
        for (double value : values) {
            mean += value / values.length;
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / (values.length - 1));
    }

    private static double resampledError(double[] values) {
        double[] perplexities =
                IntStream.range(0, RESAMPLES / RESAMPLES_PER_SEED)
                        .parallel()
                        .boxed()
                        .flatMapToDouble(
                                seed -> {
                                    PythonRandom random = new PythonRandom(seed);
                                    return IntStream.range(0, RESAMPLES_PER_SEED)
                                            .mapToDouble(i -> resampled(values, random));
                                })
                        .toArray();
        return deviation(perplexities);
    }

    private static double resampled(double[] values, PythonRandom random) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += values[(int) (random.real() * values.length)];
        }
        return Math.exp(-sum / values.length);
    }
}
