package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;
import mobilellm.testing.RandomWeights;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// Matrix products of every weight type over odd sizes. All providers but `scalar` must give the very bits that the rounding
/// rules give ([ExpectedProducts]); `scalar` must be near the product in 64 bits.
@Tag("kernels")
class KernelParityTest {
    private static final int[] ROWS = {1, 31, 33, 575, 576, 577};
    private static final int[] FEW_ROWS = {1, 33, 577}; // for types that become another one
    private static final int[] BATCHES = {1, 2, 5, 6, 7, 13, 35, 36};
    private static final int MOST_ROWS = 36;
    private static final int[] COLUMNS = {32, 64, 288, 576};
    private static final int[] SUPER_BLOCK_COLUMNS = {256, 768};
    private static final int[] PLAIN_COLUMNS = {1, 31, 32, 33, 64, 96, 288, 576};

    private final Arena arena = Arena.ofShared();
    private final ThreadTeam team = new ThreadTeam(1);
    private final Random random = new Random(4);

    @AfterEach
    void close() {
        team.close();
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+")
    void fastProductsHaveTheExpectedBits(DType type) {
        boolean asStored = PackedForm.of(type).isStored(type);
        for (int rows : asStored ? ROWS : FEW_ROWS) {
            for (int columns : columns(type)) {
                assertExactProducts(
                        RandomWeights.of(type, rows, columns, 1, random),
                        gaussian(13, columns),
                        false);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL"})
    void fastProductsOfExtremesHaveTheExpectedBits(DType type) {
        for (int rows : new int[] {31, 577}) {
            assertExactProducts(
                    RandomWeights.extreme(type, rows, 288, random), extremes(288), false);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+")
    void fastAddsProductsToWhatIsThere(DType type) {
        int columns = type.blockSize() == 256 ? 256 : 96;
        assertExactProducts(
                RandomWeights.of(type, 33, columns, 1, random), gaussian(13, columns), true);
    }

    /// One set of buffers serves matrices of different types, as in a file that mixes them.
    @Test
    void fastMultipliesAPlainAndAQuantisedMatrixByTheSameOperand() {
        float[][] x = gaussian(13, 96);
        Set<PackedForm> forms = Set.of(PackedForm.F16, PackedForm.Q4_1);
        for (DType type : List.of(DType.F16, DType.Q4_1)) {
            assertExactProducts(
                    RandomWeights.of(type, 33, 96, 1, random),
                    PackedForm.of(type),
                    forms,
                    x,
                    false);
        }
    }

    /// Weights and activations with one scale a row, also in rows that end within a block.
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "Q4_1"})
    void fastProductsOfRowsWithOneScaleHaveTheExpectedBits(DType type) {
        int[] lengths = type.isQuantised() ? COLUMNS : PLAIN_COLUMNS;
        Set<PackedForm> forms = Set.of(PackedForm.W8A8);
        for (int columns : lengths) {
            Tensor weights = RandomWeights.of(type, 33, columns, 1, random);
            assertExactProducts(weights, PackedForm.W8A8, forms, gaussian(13, columns), true);
            assertExactProducts(weights, PackedForm.W8A8, forms, extremes(columns), false);
        }
    }

    private void assertExactProducts(Tensor weights, float[][] x, boolean accumulate) {
        PackedForm form = PackedForm.of(weights.type());
        assertExactProducts(weights, form, Set.of(form), x, accumulate);
    }

    /// Checks all providers that promise the same bits.
    private void assertExactProducts(
            Tensor weights,
            PackedForm form,
            Set<PackedForm> forms,
            float[][] x,
            boolean accumulate) {
        ExpectedProducts expected = new ExpectedProducts(weights, form);
        float[][] products = new float[x.length][];
        for (int r = 0; r < x.length; r++) {
            products[r] = expected.times(x[r]);
        }
        PackedMatrix matrix = PackedMatrix.pack(weights, form, arena, team);
        for (KernelProvider provider : Kernels.usable()) {
            if (provider.name().equals("scalar")) {
                continue;
            }
            Operations operations = provider.open(1, arena);
            Operand operand =
                    operations.operand(
                            arena, new Activations(arena, MOST_ROWS, weights.columns()), forms);
            for (int batch : BATCHES) {
                Activations y = multiply(operations, matrix, operand, x, batch, accumulate);
                for (int r = 0; r < batch; r++) {
                    for (int i = 0; i < weights.rows(); i++) {
                        float product = products[r % x.length][i];
                        float value = accumulate ? 1 + product : product;
                        if (Float.floatToIntBits(y.get(r, i)) != Float.floatToIntBits(value)) {
                            assertThat(y.get(r, i))
                                    .as(
                                            "%s: %s %s, batch of %d, row %d, column %d",
                                            provider.name(),
                                            weights.type(),
                                            weights.shape(),
                                            batch,
                                            r,
                                            i)
                                    .isEqualTo(value);
                        }
                    }
                }
            }
        }
    }

    /// The product of the first `batch` rows, again and again where there are fewer; with `accumulate` on top of ones.
    private Activations multiply(
            Operations operations,
            PackedMatrix matrix,
            Operand operand,
            float[][] x,
            int batch,
            boolean accumulate) {
        Activations y = new Activations(arena, batch, matrix.rows());
        for (int r = 0; r < batch; r++) {
            operand.values().write(r, 0, x[r % x.length], 0, x[0].length);
            for (int i = 0; accumulate && i < matrix.rows(); i++) {
                y.set(r, i, 1);
            }
        }
        team.run(
                worker -> {
                    operations.prepare(operand, batch, worker);
                    operations.multiply(matrix, operand, batch, y, accumulate, worker);
                });
        return y;
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+")
    void scalarProductsAreNearThoseIn64Bits(DType type) {
        Operations operations = Kernels.of("scalar").open(1, arena);
        for (int rows : new int[] {1, 33, 65}) {
            for (int columns : columns(type)) {
                Tensor weights = RandomWeights.of(type, rows, columns, 1, random);
                float[] w = Dequantise.toFloat(weights);
                float[][] x = gaussian(3, columns);
                Operand operand =
                        operations.operand(
                                arena,
                                new Activations(arena, 3, columns),
                                Set.of(PackedForm.of(weights.type())));
                PackedMatrix matrix = PackedMatrix.pack(weights, arena, team);
                Activations y = multiply(operations, matrix, operand, x, 3, false);
                for (int r = 0; r < 3; r++) {
                    for (int row = 0; row < rows; row++) {
                        double product = 0;
                        double size = 0;
                        for (int i = 0; i < columns; i++) {
                            double term = (double) w[row * columns + i] * x[r][i];
                            product += term;
                            size += Math.abs(term);
                        }
                        assertThat((double) y.get(r, row))
                                .isEqualTo(product, within(1e-6 * size + 1e-30));
                    }
                }
            }
        }
    }

    private static int[] columns(DType type) {
        return switch (type.blockSize()) {
            case 1 -> PLAIN_COLUMNS;
            case 32 -> COLUMNS;
            default -> SUPER_BLOCK_COLUMNS;
        };
    }

    private float[][] gaussian(int rows, int columns) {
        float[][] values = new float[rows][columns];
        for (float[] row : values) {
            for (int i = 0; i < columns; i++) {
                row[i] = (float) random.nextGaussian();
            }
        }
        return values;
    }

    /// Thirteen rows: zeros of both signs, ones of either sign at the ends of int8, an outlier among small numbers,
    /// exact ties of rounding, numbers below and just above what counts as zero, and blocks of different sizes.
    private float[][] extremes(int columns) {
        float[][] rows = gaussian(13, columns);
        for (int i = 0; i < columns; i++) {
            rows[0][i] = 1;
            rows[1][i] = 0;
            rows[2][i] = i % 2 == 0 ? 127 : -127;
            rows[3][i] = i == 40 ? 1e30f : rows[3][i];
            rows[4][i] = i % 32 == 5 ? 127 : i % 32 - 15.5f;
            rows[5][i] = Float.MIN_VALUE * (i % 7 - 3);
            rows[6][i] *= 1e-30f;
            rows[7][i] *= i / 32 % 2 == 0 ? 1e-20f : 1e20f;
            rows[8][i] = -0f;
            rows[9][i] = -1;
        }
        return rows;
    }
}
