package mobilellm.app;

import mobilellm.evaluation.PairedDifference;

/// A 95 % interval.
record Interval(double low, double high) {
    /// Of a value whose error is normally distributed.
    static Interval normal(double value, double error) {
        double half = PairedDifference.NORMAL_95 * error;
        return new Interval(value - half, value + half);
    }

    /// Of a share of documents (Wilson 1927): it stays between 0 and 1, and none or all of a few make nothing certain.
    static Interval wilson(double share, int documents) {
        double z = PairedDifference.NORMAL_95 * PairedDifference.NORMAL_95 / documents;
        double middle = (share + z / 2) / (1 + z);
        double half = Math.sqrt(z * share * (1 - share) + z * z / 4) / (1 + z);
        return new Interval(middle - half, middle + half);
    }
}
