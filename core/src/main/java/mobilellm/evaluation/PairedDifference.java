package mobilellm.evaluation;

import java.util.OptionalLong;

/// How much better one run is than another.
public sealed interface PairedDifference permits PairedComparison, PairedComparison.Mean {
    /// Quantile 0.975 of the normal distribution: half the width of a 95 % interval, in standard errors.
    double NORMAL_95 = 1.959964;

    /// Quantile 0.8 of the normal distribution.
    double NORMAL_80 = 0.841621;

    /// Documents that both runs answered.
    int documents();

    /// Share of right answers, the second run's minus the first's.
    double difference();

    /// Standard error of the difference, of paired documents.
    double error();

    /// The lower end of the 95 % interval.
    double low();

    /// Its upper end.
    double high();

    /// How many such documents it takes to see a difference in 4 of 5 experiments, at the 5 % level; nothing where the runs
    /// do not differ at all, so that nobody can tell.
    ///
    /// @param wanted the difference, as a share
    default OptionalLong needed(double wanted) {
        double ratio = (NORMAL_95 + NORMAL_80) * error() / wanted;
        return error() == 0
                ? OptionalLong.empty()
                : OptionalLong.of((long) Math.ceil(documents() * ratio * ratio));
    }
}
