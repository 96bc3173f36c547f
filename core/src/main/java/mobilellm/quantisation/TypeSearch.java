package mobilellm.quantisation;

import mobilellm.quant.Dequantise;
import mobilellm.quant.Quantise;
import mobilellm.quant.Rounding;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Chooses a type for each matrix: the bits go where they keep the model's predictions nearest to what they were.
///
/// Of each matrix the divergence `d` that comes of rounding it to one type, the probe, is measured. That of another type is
/// taken as `d * e / e_probe`, with `e` the weighted squared error of rounding: divergence grows with the square of small
/// errors (Malinovskii et al. 2024, arXiv 2411.17525, show it for perplexity), and those of several matrices add up. What is left
/// is a choice of one type for each matrix, with the least sum of divergences for the bytes: bytes are given out one
/// step at a time, each to the step that lowers the sum the most for its bytes, along the lower convex hull of each matrix.
public final class TypeSearch {
    /// What rounding is tried with.
    public static final DType PROBE = DType.Q4_0;

    /// Types to choose from.
    public static final Set<DType> TYPES =
            Set.of(
                    DType.Q4_0,
                    DType.IQ4_NL,
                    DType.Q4_1,
                    DType.Q5_0,
                    DType.Q5_1,
                    DType.Q8_0,
                    DType.F16);

    private static final Rounding REFERENCE = new Rounding.Reference();

    /// Rows of a matrix that its errors are computed from.
    private static final int ROWS = 256;

    /// A type that a matrix may have.
    ///
    /// @param divergence that it is likely to cause
    record Option(DType type, long bytes, double divergence) {}

    /// From an option of a matrix to the next better one on its hull.
    private record Step(String matrix, Option from, Option to) {
        double gain() {
            return (from.divergence() - to.divergence()) / (to.bytes() - from.bytes());
        }
    }

    private final Map<String, List<Option>> hulls = new LinkedHashMap<>();

    /// Whether a matrix has a choice: its rows are whole blocks.
    public static boolean takes(Tensor tensor) {
        return TypeRules.fits(PROBE, tensor);
    }

    /// Bytes of a matrix in the smallest type.
    public static long leastBytes(Tensor tensor) {
        return TYPES.stream()
                .mapToLong(type -> type.bytes(tensor.shape().elements()))
                .min()
                .orElseThrow();
    }

    /// Adds a matrix that has a [choice][#takes].
    ///
    /// @param divergence that was measured with [#PROBE]
    /// @param rounding as the matrix will be rounded
    public void add(String name, Tensor tensor, double divergence, Rounding rounding) {
        double probe = error(tensor, PROBE, rounding);
        List<Option> options = new ArrayList<>();
        for (DType type : DType.values()) {
            if (TYPES.contains(type)) {
                double error = probe == 0 ? 0 : error(tensor, type, rounding) / probe;
                options.add(
                        new Option(
                                type, type.bytes(tensor.shape().elements()), divergence * error));
            }
        }
        hulls.put(name, hull(options));
    }

    /// Weighted squared error of some of the rows.
    private static double error(Tensor tensor, DType type, Rounding rounding) {
        int columns = tensor.columns();
        float[] weights =
                rounding instanceof Rounding.Searched searched
                        ? searched.importance()
                        : new float[0];
        float[] original = new float[columns];
        float[] back = new float[columns];
        double error = 0;
        int stride = Math.ceilDiv(tensor.rows(), ROWS);
        for (int row = 0; row < tensor.rows(); row += stride) {
            byte[] exact = Quantise.rows(tensor, row, 1, DType.F32, REFERENCE);
            Dequantise.toFloat(DType.F32, MemorySegment.ofArray(exact), 0, original, 0, columns);
            MemorySegment rounded =
                    MemorySegment.ofArray(Quantise.rows(tensor, row, 1, type, rounding));
            Dequantise.toFloat(type, rounded, 0, back, 0, columns);
            for (int i = 0; i < columns; i++) {
                double difference = original[i] - back[i];
                error += (weights.length == 0 ? 1 : weights[i]) * difference * difference;
            }
        }
        return error;
    }

    /// Options from few bytes to many, each with the best gain for its bytes from the one before.
    static List<Option> hull(List<Option> options) {
        List<Option> sorted = new ArrayList<>(options);
        sorted.sort(
                Comparator.comparingLong(Option::bytes).thenComparingDouble(Option::divergence));
        List<Option> hull = new ArrayList<>();
        hull.add(sorted.getFirst());
        while (true) {
            Option last = hull.getLast();
            var next =
                    sorted.stream()
                            .filter(option -> option.bytes() > last.bytes())
                            .filter(option -> option.divergence() < last.divergence())
                            .max(
                                    Comparator.comparingDouble(
                                            option -> new Step("", last, option).gain()));
            if (next.isEmpty()) {
                return hull;
            }
            hull.add(next.get());
        }
    }

    /// The types that are likely to diverge the least in so many bytes.
    ///
    /// @throws IllegalArgumentException if even the smallest types take more
    public Map<String, DType> within(long bytes) {
        Map<String, Option> chosen = smallest();
        long left = bytes - chosen.values().stream().mapToLong(Option::bytes).sum();
        if (left < 0) {
            throw new IllegalArgumentException(
                    "the smallest types take %d bytes more than that".formatted(-left));
        }
        Set<String> full = new HashSet<>();
        for (Step step : steps()) {
            long more = step.to().bytes() - step.from().bytes();
            if (full.contains(step.matrix()) || more > left) {
                full.add(step.matrix());
                continue;
            }
            left -= more;
            chosen.put(step.matrix(), step.to());
        }
        return types(chosen);
    }

    /// The fewest bytes that are likely to diverge by no more than that.
    public Map<String, DType> diverging(double most) {
        Map<String, Option> chosen = smallest();
        double sum = chosen.values().stream().mapToDouble(Option::divergence).sum();
        for (Step step : steps()) {
            if (sum <= most) {
                break;
            }
            sum -= step.from().divergence() - step.to().divergence();
            chosen.put(step.matrix(), step.to());
        }
        return types(chosen);
    }

    private Map<String, Option> smallest() {
        Map<String, Option> smallest = new LinkedHashMap<>();
        hulls.forEach((matrix, hull) -> smallest.put(matrix, hull.getFirst()));
        return smallest;
    }

    /// The greatest gain first; sorting is stable, so equal gains keep the order of the matrices.
    private List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        hulls.forEach(
                (matrix, hull) -> {
                    for (int i = 1; i < hull.size(); i++) {
                        steps.add(new Step(matrix, hull.get(i - 1), hull.get(i)));
                    }
                });
        steps.sort(Comparator.comparingDouble(Step::gain).reversed());
        return steps;
    }

    private static Map<String, DType> types(Map<String, Option> chosen) {
        Map<String, DType> types = new LinkedHashMap<>();
        chosen.forEach((matrix, option) -> types.put(matrix, option.type()));
        return types;
    }
}
