package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.gguf.GgufFile;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.testing.RandomWeights;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

class PackedMatrixTest {
    private static final int[] ROWS = {1, 15, 16, 17, 31, 33, 575, 576, 577};

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+")
    void aRowReadBackHasTheBitsOfTheDequantisedTensor(DType type) {
        Random random = new Random(1);
        for (int rows : ROWS) {
            for (int blocks : type.blockSize() == 256 ? new int[] {1, 3} : new int[] {1, 2, 3, 9}) {
                int columns = type.isQuantised() ? type.blockSize() * blocks : 32 * blocks - 1;
                assertRowsReadBack(RandomWeights.of(type, rows, columns, 1, random));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL"})
    void extremeBlocksReadBack(DType type) {
        assertRowsReadBack(RandomWeights.extreme(type, 577, 96, new Random(2)));
    }

    /// What gguf-py makes of blocks with scales of zero, of both signs and as small as an f16 can be.
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+|Q8_1|Q8_K")
    void aRowReadBackHasTheBitsOfTheReference(DType type) throws IOException {
        double[] stored =
                ReferenceTensors.read(Shared.path("fixtures/quants/blocks.safetensors"))
                        .values(type.name());
        float[] expected = new float[stored.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (float) stored[i];
        }
        try (GgufFile file =
                GgufFile.open(Shared.path("fixtures/quants/blocks/" + type + ".gguf"))) {
            assertRowsReadBack(file.tensor("w").orElseThrow(), expected);
        }
    }

    private static void assertRowsReadBack(Tensor tensor) {
        assertRowsReadBack(tensor, Dequantise.toFloat(tensor));
    }

    private static void assertRowsReadBack(Tensor tensor, float[] expected) {
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
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+")
    void missingRowsOfTheLastGroupAreZero(DType type) {
        Tensor tensor = RandomWeights.of(type, 17, 256, 1, new Random(3));
        try (Arena arena = Arena.ofShared();
                ThreadTeam team = new ThreadTeam(1)) {
            PackedMatrix matrix = PackedMatrix.pack(tensor, arena, team);
            float[] row = new float[256];
            for (int padding = 17; padding < 32; padding++) {
                matrix.readRow(padding, row);
                for (float value : row) {
                    assertThat(value == 0).as("row %d holds %s", padding, value).isTrue();
                }
            }
        }
    }

    /// What `info` and `bench` say about memory comes from here.
    @ParameterizedTest
    @CsvSource({
        "Q8_0, 1.0625",
        "Q4_0, 0.5625",
        "Q4_1, 0.625",
        "F16, 2",
        "F32, 4",
        "Q5_0, 1.0625",
        "Q5_1, 1.125",
        "IQ4_NL, 1.0625",
        "MXFP4, 1.125",
        "TQ1_0, 1.0625",
        "Q4_K, 0.75",
        "Q5_K, 1.25",
        "Q6_K, 1.25",
        "Q3_K, 1.25",
        "Q2_K, 1",
        "IQ4_XS, 1.125",
        "Q8_K, 1.125",
        "F64, 4"
    })
    void takesTheBytesOfItsPackedForm(DType type, double bytesPerWeight) {
        Tensor tensor = RandomWeights.of(type, 32, 256, 1, new Random(4));
        try (Arena arena = Arena.ofShared();
                ThreadTeam team = new ThreadTeam(1)) {
            PackedMatrix matrix = PackedMatrix.pack(tensor, arena, team);
            assertThat(matrix.bytes()).isEqualTo((long) (32 * 256 * bytesPerWeight));
        }
    }

    /// Powers of two that are no f16, beside one that is.
    @Test
    void scalesMayBeSmallerThanAHalfCanBe() {
        Tensor tensor = RandomWeights.of(DType.MXFP4, 16, 64, 1, new Random(5));
        MemorySegment data = MemorySegment.ofArray(tensor.data().toArray(ValueLayout.JAVA_BYTE));
        data.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        assertRowsReadBack(new Tensor("tiny", DType.MXFP4, Shape.of(16, 64), data));
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
