package mobilellm.model;

import mobilellm.kernel.Activations;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.WatchedKernels;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// What a model's matrices are multiplied with: for each column the sum of the squares. A matrix that is visited several
/// times has the sum of all visits.
///
/// The sums have the same bits however many threads compute.
public final class InputSquares {
    private static final class Sums {
        private final double[] squares;
        private long rows;

        Sums(int columns) {
            squares = new double[columns];
        }
    }

    private final List<PackedMatrix> matrices;
    private final IdentityHashMap<PackedMatrix, Sums> sums = new IdentityHashMap<>();
    private final KernelProvider kernels;

    /// @param kernels that compute
    public InputSquares(Weights weights, KernelProvider kernels) {
        matrices = weights.matrices();
        for (PackedMatrix matrix : matrices) {
            sums.put(matrix, new Sums(matrix.columns()));
        }
        this.kernels =
                new WatchedKernels(
                        kernels,
                        new WatchedKernels.Watcher() {
                            @Override
                            public void multiplied(
                                    PackedMatrix matrix,
                                    Activations x,
                                    int rows,
                                    int from,
                                    int to) {
                                add(matrix, x, rows, from, to);
                            }
                        },
                        Set.of());
    }

    /// The same kernels, which add to the sums with every pass: open a [Transformer] of the same weights with them.
    public KernelProvider kernels() {
        return kernels;
    }

    private void add(PackedMatrix matrix, Activations x, int rows, int from, int to) {
        Sums its = sums.get(matrix);
        if (its == null) {
            return;
        }
        float[] values = new float[to - from];
        for (int row = 0; row < rows; row++) {
            x.read(row, from, values, 0, values.length);
            for (int i = 0; i < values.length; i++) {
                its.squares[from + i] += (double) values[i] * values[i];
            }
        }
        if (from == 0) {
            its.rows += rows;
        }
    }

    /// Sums of one matrix, `[columns]`.
    ///
    /// @param matrix its number, in the order of `ModelTensors.matrices()`
    public double[] sums(int matrix) {
        return of(matrix).squares.clone();
    }

    /// Rows that went into the sums of one matrix.
    ///
    /// @param matrix as in [#sums]
    public long rows(int matrix) {
        return of(matrix).rows;
    }

    private Sums of(int matrix) {
        return Objects.requireNonNull(sums.get(matrices.get(matrix)));
    }
}
