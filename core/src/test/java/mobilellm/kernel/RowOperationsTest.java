package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.config.Rope;
import mobilellm.tensor.DType;
import mobilellm.testing.RandomWeights;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// What providers do to single rows, over odd widths: each against the formula in 64 bits, or against `scalar` bit for
/// bit where no sum can be taken in another order.
@Tag("kernels")
class RowOperationsTest {
    private static final int[] WIDTHS = {1, 15, 16, 17, 31, 33, 96, 575, 576, 577};
    private static final int ROWS = 13;

    private final Arena arena = Arena.ofShared();
    private final ThreadTeam team = new ThreadTeam(1);
    private final Random random = new Random(5);

    @AfterEach
    void close() {
        team.close();
        arena.close();
    }

    @Test
    void rmsNormIsThatOfTheFormula() {
        for (Operations operations : providers(577)) {
            for (int width : WIDTHS) {
                for (double size : new double[] {0, 1e-4, 1, 1e4}) {
                    Activations x = gaussian(ROWS, width, size);
                    Activations weight = gaussian(1, width, 1);
                    Activations y = new Activations(arena, ROWS, width);
                    team.run(worker -> operations.rmsNorm(x, ROWS, weight, 1e-5, y, worker));
                    for (int r = 0; r < ROWS; r++) {
                        assertNormalised(x, weight, y, r);
                    }
                }
            }
        }
    }

    /// Kernels may do it in one step, which nobody must notice: neither in the f32 rows nor in products with what was made of them.
    @Test
    void normalisingAnOperandIsNormAndPreparation() {
        for (DType type : List.of(DType.Q4_0, DType.Q8_0, DType.F16)) {
            for (int columns : new int[] {32, 96, 576}) {
                Activations x = gaussian(ROWS, columns, 3);
                Activations weight = gaussian(1, columns, 1);
                PackedMatrix matrix =
                        PackedMatrix.pack(
                                RandomWeights.of(type, 33, columns, 1, random), arena, team);
                for (Operations operations : providers(columns)) {
                    Operand expected = operand(operations, columns, matrix);
                    Operand actual = operand(operations, columns, matrix);
                    Activations expectedProduct = new Activations(arena, ROWS, 33);
                    Activations product = new Activations(arena, ROWS, 33);
                    team.run(
                            worker -> {
                                operations.rmsNorm(
                                        x, ROWS, weight, 1e-5, expected.values(), worker);
                                operations.prepare(expected, ROWS, worker);
                                operations.multiply(
                                        matrix, expected, ROWS, expectedProduct, false, worker);
                                operations.normalise(x, ROWS, weight, 1e-5, actual, worker);
                                operations.multiply(matrix, actual, ROWS, product, false, worker);
                            });
                    assertThat(actual.values().data().mismatch(expected.values().data()))
                            .isEqualTo(-1);
                    assertThat(product.data().mismatch(expectedProduct.data())).isEqualTo(-1);
                }
            }
        }
    }

    private Operand operand(Operations operations, int columns, PackedMatrix matrix) {
        return operand(operations, ROWS, columns, matrix);
    }

    private Operand operand(Operations operations, int rows, int columns, PackedMatrix matrix) {
        return operations.operand(
                arena, new Activations(arena, rows, columns), Set.of(matrix.form()));
    }

    /// Rows that meet no quantised matrix, so that nothing is rounded.
    private Operand plain(Operations operations, Activations rows) {
        return operations.operand(arena, rows, Set.of(PackedForm.F32));
    }

    /// The same of activations, which members make column by column: whoever makes which, products are those of what was made whole.
    @Test
    void activatingAnOperandIsActivationAndPreparation() {
        var forms = List.of(PackedForm.Q4_0, PackedForm.Q8_0, PackedForm.W8A8, PackedForm.F16);
        try (var three = new ThreadTeam(3)) {
            for (PackedForm form : forms) {
                for (int columns : new int[] {32, 96, 576}) {
                    DType type = form == PackedForm.W8A8 ? DType.F32 : form.type();
                    PackedMatrix matrix =
                            PackedMatrix.pack(
                                    RandomWeights.of(type, 33, columns, 1, random),
                                    form,
                                    arena,
                                    team);
                    for (KernelProvider provider : Kernels.usable()) {
                        Operations operations = provider.open(3, arena);
                        for (int rows : new int[] {1, 13, 38}) {
                            assertActivated(operations, matrix, rows, true, three);
                            assertActivated(operations, matrix, rows, false, three);
                        }
                    }
                }
            }
        }
    }

    private void assertActivated(
            Operations operations, PackedMatrix matrix, int rows, boolean gated, ThreadTeam three) {
        Activations gate = gaussian(rows, matrix.columns(), 3);
        Activations up = gaussian(rows, matrix.columns(), 1);
        Operand expected = operand(operations, rows, matrix.columns(), matrix);
        Operand actual = operand(operations, rows, matrix.columns(), matrix);
        actual.values().data().copyFrom(gate.data());
        expected.values().data().copyFrom(gate.data());
        Operand plain = plain(operations, expected.values());
        Activations expectedProduct = new Activations(arena, rows, 33);
        Activations product = new Activations(arena, rows, 33);
        team.run(
                worker -> {
                    if (gated) {
                        operations.swiGlu(plain, up, rows, worker);
                    } else {
                        operations.relu(plain, rows, worker);
                    }
                    operations.prepare(expected, rows, worker);
                    operations.multiply(matrix, expected, rows, expectedProduct, false, worker);
                });
        three.run(
                worker -> {
                    if (gated) {
                        operations.swiGlu(actual, up, rows, worker);
                    } else {
                        operations.relu(actual, rows, worker);
                    }
                    worker.barrier();
                    if (!actual.isMadeByColumns()) {
                        operations.prepare(actual, rows, worker);
                        worker.barrier();
                    }
                    operations.multiply(matrix, actual, rows, product, false, worker);
                });
        assertThat(actual.values().data().mismatch(expected.values().data())).isEqualTo(-1);
        assertThat(product.data().mismatch(expectedProduct.data())).isEqualTo(-1);
    }

    private static void assertNormalised(
            Activations x, Activations weight, Activations y, int row) {
        assertNormalised(x, 0, weight, y, row);
    }

    /// As many columns as there are weights, from `first` on.
    private static void assertNormalised(
            Activations x, int first, Activations weight, Activations y, int row) {
        double squares = 0;
        for (int i = 0; i < weight.columns(); i++) {
            squares += (double) x.get(row, first + i) * x.get(row, first + i);
        }
        double scale = 1 / Math.sqrt(squares / weight.columns() + 1e-5);
        for (int i = 0; i < weight.columns(); i++) {
            double expected = x.get(row, first + i) * scale * weight.get(0, i);
            assertThat((double) y.get(row, first + i))
                    .isEqualTo(expected, within(1e-6 * Math.abs(expected) + 1e-37));
        }
    }

    @Test
    void headsAreNormalisedEachByItself() {
        for (Operations operations : providers(1)) {
            for (int headDim : new int[] {2, 16, 24, 40, 64, 128}) {
                Activations x = gaussian(ROWS, 3 * headDim, 2);
                Activations weight = gaussian(1, headDim, 1);
                Activations y = copy(x);
                team.run(worker -> operations.normaliseHeads(y, 3, ROWS, weight, 1e-5, worker));
                for (int r = 0; r < ROWS; r++) {
                    for (int head = 0; head < 3; head++) {
                        assertNormalised(x, head * headDim, weight, y, r);
                    }
                }
            }
        }
    }

    @Test
    void biasesAreAddedAndNegativesCutOff() {
        for (Operations operations : providers(577)) {
            for (int width : WIDTHS) {
                Activations x = gaussian(ROWS, width, 1);
                Activations bias = gaussian(1, width, 1);
                Activations sum = copy(x);
                Activations positive = copy(x);
                team.run(
                        worker -> {
                            operations.addBias(sum, ROWS, bias, worker);
                            operations.relu(plain(operations, positive), ROWS, worker);
                        });
                for (int r = 0; r < ROWS; r++) {
                    for (int i = 0; i < width; i++) {
                        assertThat(sum.get(r, i)).isEqualTo(x.get(r, i) + bias.get(0, i));
                        assertThat(positive.get(r, i)).isEqualTo(Math.max(x.get(r, i), 0));
                    }
                }
            }
        }
    }

    @Test
    void theLargestOfEachBlockIsFoundAndNonsenseIsTold() {
        for (Operations operations : providers(577)) {
            for (int width : WIDTHS) {
                Activations x = gaussian(4, width, 1);
                x.set(1, width / 2, Float.NaN);
                x.set(2, width - 1, Float.POSITIVE_INFINITY);
                x.set(3, 0, Float.NEGATIVE_INFINITY);
                Activations y = new Activations(arena, 4, Math.ceilDiv(width, Activations.BLOCK));
                team.run(worker -> operations.largestOfBlocks(x, 4, y, worker));
                for (int r = 0; r < 4; r++) {
                    for (int b = 0; b < y.columns(); b++) {
                        assertThat(y.get(r, b))
                                .isEqualTo(Float.valueOf(x.largestOfBlock(r, 32 * b)));
                    }
                }
                assertThat(y.get(1, width / 2 / 32)).isNaN();
                assertThat(y.get(2, (width - 1) / 32)).isNaN();
                assertThat(y.get(3, 0)).isNaN();
            }
        }
    }

    @Test
    void swiGluIsThatOfTheFormula() {
        for (Operations operations : providers(577)) {
            for (int width : WIDTHS) {
                Activations gate = gaussian(ROWS, width, 5);
                Activations up = gaussian(ROWS, width, 1);
                gate.set(0, 0, 100);
                gate.set(1, 0, -100);
                gate.set(2, 0, 0);
                Activations y = copy(gate);
                team.run(worker -> operations.swiGlu(plain(operations, y), up, ROWS, worker));
                for (int r = 0; r < ROWS; r++) {
                    for (int i = 0; i < width; i++) {
                        double g = gate.get(r, i);
                        double expected = g / (1 + Math.exp(-g)) * up.get(r, i);
                        assertThat((double) y.get(r, i))
                                .isEqualTo(expected, within(1e-6 * Math.abs(expected) + 1e-35));
                    }
                }
            }
        }
    }

    /// Kernels read whole vectors: what they leave in the padding must stay zero.
    @Test
    void paddingStaysZero() {
        for (Operations operations : providers(33)) {
            Activations up = gaussian(ROWS, 33, 1);
            Activations bias = gaussian(1, 33, 1);
            Activations y = gaussian(ROWS, 33, 1);
            Operand operand = plain(operations, y);
            team.run(
                    worker -> {
                        operations.swiGlu(operand, up, ROWS, worker);
                        operations.addBias(y, ROWS, bias, worker);
                        operations.relu(operand, ROWS, worker);
                        operations.rmsNorm(y, ROWS, y, 1e-5, y, worker);
                    });
            for (int r = 0; r < ROWS; r++) {
                for (int i = 33; i < y.stride(); i++) {
                    assertThat(y.get(r, i)).isZero();
                }
            }
        }
    }

    @Test
    void allRotateBitForBitAsScalar() {
        for (int headDim : new int[] {2, 16, 24, 32, 64, 128}) {
            RotaryAngles angles = new RotaryAngles(ROWS, headDim, new Rope(10_000));
            for (int r = 0; r < ROWS; r++) {
                angles.set(r, 1000 * r + r);
            }
            Activations x = gaussian(ROWS, 3 * headDim, 1);
            Activations scalar = rotated(Kernels.of("scalar"), x, angles);
            for (KernelProvider provider : Kernels.usable()) {
                assertSameBits(rotated(provider, x, angles), scalar);
            }
        }
    }

    private Activations rotated(KernelProvider provider, Activations x, RotaryAngles angles) {
        Activations y = copy(x);
        try (var two = new ThreadTeam(2)) {
            Operations operations = provider.open(2, arena);
            two.run(worker -> operations.rotate(y, 3, angles, ROWS, worker));
        }
        return y;
    }

    @Test
    void embeddingsAreRowsOfTheMatrix() {
        for (DType type :
                List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_1)) {
            PackedMatrix embedding =
                    PackedMatrix.pack(RandomWeights.of(type, 100, 96, 1, random), arena, team);
            int[] tokens = {99, 0, 15, 16, 17, 99, 42, 1, 2, 3, 4, 5, 6};
            float[] row = new float[96];
            for (Operations operations : providers(96)) {
                Activations y = new Activations(arena, ROWS, 96);
                team.run(worker -> operations.embed(embedding, tokens, ROWS, y, worker));
                for (int r = 0; r < ROWS; r++) {
                    embedding.readRow(tokens[r], row);
                    float[] actual = new float[96];
                    y.read(r, 0, actual, 0, 96);
                    assertThat(actual).isEqualTo(row);
                }
            }
        }
    }

    /// All providers, with scratch memory for rows of the width.
    private List<Operations> providers(int width) {
        return Kernels.usable().stream()
                .map(
                        provider -> {
                            Operations operations = provider.open(1, arena);
                            operations.operand(
                                    arena,
                                    new Activations(arena, ROWS, width),
                                    Set.of(PackedForm.F32));
                            return operations;
                        })
                .toList();
    }

    private Activations gaussian(int rows, int columns, double size) {
        Activations x = new Activations(arena, rows, columns);
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < columns; i++) {
                x.set(r, i, (float) (random.nextGaussian() * size));
            }
        }
        return x;
    }

    private Activations copy(Activations x) {
        Activations copy = new Activations(arena, x.rows(), x.columns());
        copy.data().copyFrom(x.data());
        return copy;
    }

    private static void assertSameBits(Activations actual, Activations expected) {
        assertThat(actual.data().mismatch(expected.data())).isEqualTo(-1);
    }
}
