package mobilellm.app;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// A few measurements of one thing.
///
/// @param median middle one, or the mean of the two in the middle
record Spread(double median, double minimum, double maximum) {
    static Spread of(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median =
                sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }

    Map<String, Object> json() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("median", median);
        object.put("minimum", minimum);
        object.put("maximum", maximum);
        return object;
    }
}
