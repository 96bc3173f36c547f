package mobilellm.quant;

/// How numbers are rounded to the levels of a block type.
public sealed interface Rounding {
    /// Scales from the extremes of each block: fast, and the bytes that ggml's reference quantisers write.
    record Reference() implements Rounding {}

    /// Scales (and minimums) that make the weighted squared error of each block small, for Q4_0, Q4_1, Q5_0, Q5_1 and IQ4_NL:
    /// some twenty times slower. Other types are rounded as by [Reference].
    ///
    /// The importance of its column is the weight of a number's error; without one all weigh the same.
    ///
    /// @param importance of each column, not negative, such as the mean square of what the column is multiplied with; empty
    ///     where nothing is known
    @SuppressWarnings(
            "ArrayRecordComponent") // handed from one place to another, compared by nobody
    record Searched(float[] importance) implements Rounding {
        public Searched() {
            this(new float[0]);
        }

        /// Whether something is known of the columns: an input that was never anything but zero says nothing.
        boolean isInformed() {
            for (float value : importance) {
                if (value > 0) {
                    return true;
                }
            }
            return false;
        }
    }
}
