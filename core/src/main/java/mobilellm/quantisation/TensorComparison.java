package mobilellm.quantisation;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.checkpoint.Linear;
import mobilellm.file.MappedFile;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;

import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/// Two checkpoints tensor by tensor, whatever their formats: names are those of GGUF files, rows are matched where formats
/// order them differently, and every stored type is compared by the numbers that it stands for.
///
/// @param tensors that both have in the same shape, the worst first
/// @param onlyInA names of others
/// @param onlyInB names of others
/// @param shapes of those that both have in different ones
public record TensorComparison(
        List<TensorDifference> tensors,
        List<String> onlyInA,
        List<String> onlyInB,
        List<Shapes> shapes) {
    /// A tensor that cannot be compared.
    public record Shapes(String name, Shape a, Shape b) {}

    /// Compares a row at a time: memory does not grow with the models.
    ///
    /// @param threads that compare, a tensor each; results do not depend on it
    /// @param done is told the weights of each tensor that was compared
    /// @throws mobilellm.tensor.MalformedFileException if a file became shorter since it was opened
    /// @throws InterruptedIOException if the thread was interrupted
    public static TensorComparison of(Checkpoint a, Checkpoint b, int threads, LongConsumer done)
            throws InterruptedIOException {
        Map<String, Linear> ofA = a.tensors().all();
        Map<String, Linear> ofB = new LinkedHashMap<>(b.tensors().all());
        List<String> onlyInA = new ArrayList<>();
        List<Shapes> shapes = new ArrayList<>();
        List<TensorDifference> tensors = new ArrayList<>();
        try (ExecutorService pool = RowPipeline.pool("mobilellm-compare-", threads)) {
            List<Future<TensorDifference>> running = new ArrayList<>();
            ofA.forEach(
                    (name, one) -> {
                        Linear other = ofB.remove(name);
                        if (other == null) {
                            onlyInA.add(name);
                        } else if (!one.stored().shape().equals(other.stored().shape())) {
                            shapes.add(
                                    new Shapes(name, one.stored().shape(), other.stored().shape()));
                        } else {
                            running.add(pool.submit(() -> new Sum(one, other).of(name)));
                        }
                    });
            try {
                for (Future<TensorDifference> each : running) {
                    TensorDifference difference = RowPipeline.result(each);
                    tensors.add(difference);
                    done.accept(difference.shape().elements());
                }
            } finally {
                pool.shutdownNow();
            }
        }
        tensors.sort(TensorDifference.WORST_FIRST);
        return new TensorComparison(
                List.copyOf(tensors), onlyInA, List.copyOf(ofB.keySet()), shapes);
    }

    /// Sums over the pairs of one tensor.
    private static final class Sum {
        /// Rows between two looks at whether the file is still whole.
        private static final int ROWS = 64;

        private final Linear a;
        private final Linear b;
        private final float[] rowA;
        private final float[] rowB;
        private double largest = -1;
        private long largestAt;
        private double squares;
        private double squaresA;
        private double squaresB;
        private double products;
        private long count;
        private long nonFiniteA = -1;
        private long nonFiniteB = -1;

        Sum(Linear a, Linear b) {
            this.a = a;
            this.b = b;
            rowA = new float[a.stored().columns()];
            rowB = new float[b.stored().columns()];
        }

        TensorDifference of(String name) {
            int rows = a.stored().rows();
            for (int first = 0; first < rows && !Thread.interrupted(); first += ROWS) {
                int from = first;
                MappedFile.reading("tensor " + name, () -> add(from, Math.min(rows, from + ROWS)));
            }
            MappedFile.release(a.stored().data());
            MappedFile.release(b.stored().data());
            return new TensorDifference(
                    name,
                    a.stored().shape(),
                    a.stored().type(),
                    b.stored().type(),
                    Math.max(0, largest),
                    largestAt,
                    squares,
                    squaresA,
                    squaresB,
                    products,
                    count,
                    index(nonFiniteA),
                    index(nonFiniteB));
        }

        private static OptionalLong index(long found) {
            return found < 0 ? OptionalLong.empty() : OptionalLong.of(found);
        }

        private void add(int first, int end) {
            for (int row = first; row < end; row++) {
                long atA = read(a, row, rowA);
                long atB = read(b, row, rowB);
                for (int i = 0; i < rowA.length; i++) {
                    add(rowA[i], rowB[i], atA + i, atB + i);
                }
            }
        }

        /// @return index of the row's first number in its file
        private static long read(Linear from, int row, float[] values) {
            Tensor stored = from.stored();
            int at = from.order().stored(row);
            Dequantise.toFloat(
                    stored.type(), stored.data(), at * stored.rowBytes(), values, 0, values.length);
            return (long) at * values.length;
        }

        private void add(double one, double other, long atA, long atB) {
            double difference = other - one;
            if (!Double.isFinite(difference)) {
                nonFiniteA = nonFiniteA < 0 && !Double.isFinite(one) ? atA : nonFiniteA;
                nonFiniteB = nonFiniteB < 0 && !Double.isFinite(other) ? atB : nonFiniteB;
                return;
            }
            if (Math.abs(difference) > largest) {
                largest = Math.abs(difference);
                largestAt = atA;
            }
            squares += difference * difference;
            squaresA += one * one;
            squaresB += other * other;
            products += one * other;
            count++;
        }
    }
}
