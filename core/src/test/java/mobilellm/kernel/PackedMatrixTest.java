package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.testing.RandomWeights;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

class PackedMatrixTest {
    private static final int[] ROWS = {1, 15, 16, 17, 31, 33, 575, 576, 577};

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "F64|BOOL|[IU]\\d+")
    void aRowReadBackHasTheBitsOfTheDequantisedTensor(DType type) {
        Random random = new Random(1);
        for (int rows : ROWS) {
            for (int blocks : new int[] {1, 2, 3, 9}) {
                int columns = type.isQuantised() ? 32 * blocks : 32 * blocks - 1;
                assertRowsReadBack(RandomWeights.of(type, rows, columns, 1, random));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1"})
    void extremeBlocksReadBack(DType type) {
        assertRowsReadBack(RandomWeights.extreme(type, 577, 96, new Random(2)));
    }

    private static void assertRowsReadBack(Tensor tensor) {
        float[] expected = Dequantise.toFloat(tensor);
        int columns = tensor.columns();
        try (Arena arena = Arena.ofShared();
                ThreadTeam team = new ThreadTeam(2)) {
            PackedMatrix matrix = PackedMatrix.pack(tensor, arena, team);
            float[] row = new float[columns];
            for (int r = 0; r < tensor.rows(); r++) {
                matrix.readRow(r, row);
                assertThat(bits(row))
                        .as("%s %s row %d", tensor.type(), tensor.shape(), r)
                        .isEqualTo(
                                bits(Arrays.copyOfRange(expected, r * columns, (r + 1) * columns)));
            }
        }
    }

    /// Kernels work on whole groups; what missing rows add must be nothing.
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "F64|BOOL|[IU]\\d+")
    void missingRowsOfTheLastGroupAreZero(DType type) {
        Tensor tensor = RandomWeights.of(type, 17, 64, 1, new Random(3));
        try (Arena arena = Arena.ofShared();
                ThreadTeam team = new ThreadTeam(1)) {
            PackedMatrix matrix = PackedMatrix.pack(tensor, arena, team);
            float[] row = new float[64];
            for (int padding = 17; padding < 32; padding++) {
                matrix.readRow(padding, row);
                for (float value : row) {
                    assertThat(value == 0).as("row %d holds %s", padding, value).isTrue();
                }
            }
        }
    }

    @Test
    void refusesATypeThatHasNoKernel() {
        MemorySegment data = Arena.ofAuto().allocate(ValueLayout.JAVA_DOUBLE, 2);
        Tensor tensor = new Tensor("blk.0.attn_q.weight", DType.F64, Shape.of(1, 2), data);
        try (Arena arena = Arena.ofShared();
                ThreadTeam team = new ThreadTeam(1)) {
            assertThatThrownBy(() -> PackedMatrix.pack(tensor, arena, team))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("blk.0.attn_q.weight")
                    .hasMessageContaining("F64")
                    .hasMessageContaining("Q4_1");
        }
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
