package mobilellm.app;

import mobilellm.OperationCost.Work;
import mobilellm.kernel.machine.Peaks;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/// What bounds an operation (Williams, Waterman and Patterson 2009, "Roofline"): of all that it needs, that which takes longest at its
/// peak.
///
/// @param rate what was reached, operations or bytes a second, all threads together
/// @param peak the most that the processor can do
record Roofline(Bound bound, double rate, double peak) {
    /// What an operation may wait for.
    enum Bound {
        INT8("int8", "Gop/s"),
        FLOAT("f32", "Gop/s"),
        /// Weights, keys and values.
        MODEL("memory", "GB/s"),
        /// Activations, which lie in the L2.
        ACTIVATIONS("L2", "GB/s");

        private final String word;
        private final String unit;

        Bound(String word, String unit) {
            this.word = word;
            this.unit = unit;
        }

        String word() {
            return word;
        }

        private double amount(Work work) {
            return switch (this) {
                case INT8 -> work.int8Operations();
                case FLOAT -> work.floatOperations();
                case MODEL -> work.modelBytes();
                case ACTIVATIONS -> work.activationBytes();
            };
        }

        private double peak(Peaks peaks) {
            return switch (this) {
                case INT8 -> peaks.int8Operations();
                case FLOAT -> peaks.floatOperations();
                case MODEL -> peaks.weightBytes();
                case ACTIVATIONS -> peaks.l2Bytes();
            };
        }
    }

    /// Nothing for what neither computes nor reads: waiting at barriers.
    static Optional<Roofline> of(Work work, Peaks peaks) {
        return Arrays.stream(Bound.values())
                .filter(bound -> bound.amount(work) > 0 && work.seconds() > 0)
                .max(Comparator.comparingDouble(bound -> bound.amount(work) / bound.peak(peaks)))
                .map(
                        bound ->
                                new Roofline(
                                        bound,
                                        bound.amount(work) / work.seconds(),
                                        bound.peak(peaks)));
    }

    /// Of the peak, 0 to 1.
    double share() {
        return rate / peak;
    }

    /// `32.1 GB/s`
    String achieved() {
        return String.format(Locale.ROOT, "%.1f %s", rate / 1e9, bound.unit);
    }

    /// `32.1 GB/s, 93 % of memory`
    String text() {
        return String.format(
                Locale.ROOT, "%s, %.0f %% of %s", achieved(), 100 * share(), bound.word);
    }
}
