package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;
import mobilellm.testing.RandomWeights;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;

/// Logits that are reduced where they are made, against the same provider's product of the whole matrix: vocabularies around
/// tiles of 128 and units of 1,024 tokens, batches of any size, teams of any size.
@Tag("kernels")
class LogitReductionTest {
    private static final int[] VOCABULARIES = {1, 33, 128, 575, 1024, 1025, 2200};
    private static final int ROWS = 13;

    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(12);

    @AfterEach
    void close() {
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({"Q8_0, 96", "Q4_1, 64", "F16, 33"})
    void reductionsAreThoseOfTheLogits(DType type, int columns) {
        for (int vocabulary : VOCABULARIES) {
            Tensor weights = RandomWeights.of(type, vocabulary, columns, 0.5, random);
            Activations x = gaussian(ROWS, columns);
            for (KernelProvider provider : Kernels.usable()) {
                Head head = new Head(provider, weights, 1);
                float[][] logits = head.logits(x);
                LogitReduction all = head.reduce(x, ROWS);
                for (int row = 0; row < ROWS; row++) {
                    assertReduced(all, row, logits[row], provider.name());
                }
                for (int threads : new int[] {2, 3}) {
                    assertSame(new Head(provider, weights, threads).reduce(x, 5), all, 5);
                }
                head.close();
            }
        }
    }

    private static void assertReduced(
            LogitReduction reduction, int row, float[] logits, String provider) {
        int best = 0;
        for (int id = 0; id < logits.length; id++) {
            best = logits[id] > logits[best] ? id : best;
        }
        double largest = logits[best];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        assertThat(reduction.logSum(row))
                .as("%s, %d tokens", provider, logits.length)
                .isCloseTo(largest + Math.log(sum), within(1e-6 * (1 + Math.abs(largest))));
        assertThat(reduction.best(row)).isEqualTo(best);
        assertThat(reduction.bestLogit(row)).isEqualTo(logits[best]);
        int[] targets = targets(row, logits.length);
        for (int i = 0; i < targets.length; i++) {
            assertThat(reduction.targetLogit(row, i)).isEqualTo(logits[targets[i]]);
        }
    }

    private static void assertSame(LogitReduction actual, LogitReduction expected, int rows) {
        for (int row = 0; row < rows; row++) {
            assertThat(actual.logSum(row)).isEqualTo(expected.logSum(row));
            assertThat(actual.best(row)).isEqualTo(expected.best(row));
            assertThat(actual.bestLogit(row)).isEqualTo(expected.bestLogit(row));
        }
    }

    /// Rows of the head that are equal, in one tile, in two and in two units.
    @Test
    void theLowestOfEqualLogitsIsTheBest() {
        for (int first : new int[] {0, 3, 130, 1100}) {
            Tensor weights =
                    withEqualRows(
                            RandomWeights.of(DType.F32, 2200, 16, 0.01, random),
                            first,
                            first + 1,
                            first + 200,
                            2199);
            Activations ones = new Activations(arena, 1, 16);
            ones.write(0, 0, floats(1), 0, 16);
            for (KernelProvider provider : Kernels.usable()) {
                for (int threads = 1; threads <= 3; threads++) {
                    LogitReduction reduced = new Head(provider, weights, threads).reduce(ones, 1);
                    assertThat(reduced.best(0)).as(provider.name()).isEqualTo(first);
                }
            }
        }
    }

    private static Tensor withEqualRows(Tensor weights, int... ids) {
        MemorySegment data = Arena.ofAuto().allocate(weights.data().byteSize(), 64);
        data.copyFrom(weights.data());
        for (int id : ids) {
            MemorySegment.copy(floats(1), 0, data, ValueLayout.JAVA_FLOAT, 64L * id, 16);
        }
        return new Tensor(weights.name(), weights.type(), weights.shape(), data);
    }

    /// Neither overflow nor underflow where logits are far apart; what is no number does not go unnoticed.
    @Test
    void extremesAreSummedAndNonsenseIsTold() {
        Tensor weights = RandomWeights.of(DType.F32, 1300, 16, 1, random);
        Activations x = new Activations(arena, 5, 16);
        float[] sizes = {1e4f, 1e-40f, 1e30f, Float.NaN, Float.POSITIVE_INFINITY};
        for (int row = 0; row < sizes.length; row++) {
            x.write(row, 0, floats(sizes[row]), 0, 16);
        }
        for (KernelProvider provider : Kernels.usable()) {
            Head head = new Head(provider, weights, 2);
            float[][] logits = head.logits(x);
            LogitReduction reduced = head.reduce(x, sizes.length);
            for (int row = 0; row < 3; row++) {
                assertReduced(reduced, row, logits[row], provider.name());
            }
            assertThat(reduced.logSum(3)).as(provider.name()).isNaN();
            assertThat(reduced.logSum(4)).as(provider.name()).isNaN();
        }
    }

    private static float[] floats(float value) {
        float[] values = new float[16];
        Arrays.fill(values, value);
        return values;
    }

    private static int[] targets(int row, int vocabulary) {
        return row % 3 == 2
                ? new int[0]
                : new int[] {row * 97 % vocabulary, vocabulary - 1, row * 97 % vocabulary};
    }

    private Activations gaussian(int rows, int columns) {
        Activations x = new Activations(arena, rows, columns);
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < columns; i++) {
                x.set(r, i, (float) random.nextGaussian());
            }
        }
        return x;
    }

    /// An output head on kernels of one provider.
    private final class Head {
        private final ThreadTeam team;
        private final Operations operations;
        private final PackedMatrix matrix;

        Head(KernelProvider provider, Tensor weights, int threads) {
            team = new ThreadTeam(threads);
            operations = provider.open(threads, arena);
            matrix = PackedMatrix.pack(weights, arena, team);
        }

        private Operand operand(Activations x, int rows) {
            Operand operand =
                    operations.operand(
                            arena,
                            new Activations(arena, rows, matrix.columns()),
                            Set.of(matrix.form()));
            operand.values().data().copyFrom(x.data().asSlice(0, x.offset(rows)));
            team.run(worker -> operations.prepare(operand, rows, worker));
            return operand;
        }

        float[][] logits(Activations x) {
            Operand operand = operand(x, x.rows());
            Activations y = new Activations(arena, x.rows(), matrix.rows());
            team.run(worker -> operations.multiply(matrix, operand, x.rows(), y, false, worker));
            float[][] logits = new float[x.rows()][matrix.rows()];
            for (int row = 0; row < x.rows(); row++) {
                y.read(row, 0, logits[row], 0, matrix.rows());
            }
            return logits;
        }

        LogitReduction reduce(Activations x, int rows) {
            Operand operand = operand(x, rows);
            int[][] targets = new int[rows][];
            for (int row = 0; row < rows; row++) {
                targets[row] = targets(row, matrix.rows());
            }
            var reduction = new LogitReduction(arena, team.threads(), rows + 2, matrix.rows());
            reduction.begin(targets);
            team.run(worker -> reduction.reduce(operations, matrix, operand, worker));
            return reduction;
        }

        void close() {
            team.close();
        }
    }
}
