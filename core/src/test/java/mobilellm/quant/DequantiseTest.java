package mobilellm.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.gguf.GgufFile;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

class DequantiseTest {
    /// Scales of 0, -0, the smallest subnormal, both signs: the bits must agree, the sign of zero included.
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+|Q8_1|Q8_K")
    void givesTheBitsOfTheReference(DType type) throws IOException {
        float[] expected = reference(type);
        try (GgufFile file =
                GgufFile.open(Shared.path("fixtures/quants/blocks/" + type + ".gguf"))) {
            float[] actual = Dequantise.toFloat(file.tensor("w").orElseThrow());
            assertThat(bits(actual)).isEqualTo(bits(expected));
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+|Q8_1|Q8_K")
    void convertsAnyRunOfWholeBlocks(DType type) throws IOException {
        float[] expected = reference(type);
        try (GgufFile file =
                GgufFile.open(Shared.path("fixtures/quants/blocks/" + type + ".gguf"))) {
            Tensor tensor = file.tensor("w").orElseThrow();
            int from = 3 * type.blockSize();
            int count = 12 * type.blockSize();
            float[] actual = new float[count + 2];
            Dequantise.toFloat(type, tensor.data(), type.bytes(from), actual, 1, count);
            for (int i = 0; i < count; i++) {
                assertThat(bits(actual[i + 1])).isEqualTo(bits(expected[from + i]));
            }
            assertThat(actual[0]).isZero();
            assertThat(actual[count + 1]).isZero();
        }
    }

    /// No reference has these two: `scale * q` by the definition in ggml-common.h. The sums that they carry beside are for
    /// ggml's own products and change nothing.
    @Test
    void bytesWithSumsAreScaledBytes() {
        MemorySegment q8 = MemorySegment.ofArray(new byte[36]);
        q8.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, Float.floatToFloat16(-0.5f));
        q8.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2, Float.floatToFloat16(99));
        MemorySegment q8k = MemorySegment.ofArray(new byte[292]);
        q8k.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, 1e-20f);
        for (int i = 0; i < 256; i++) {
            q8.set(ValueLayout.JAVA_BYTE, 4 + i % 32, (byte) (i % 32 * 8 - 128));
            q8k.set(ValueLayout.JAVA_BYTE, 4 + i, (byte) (i - 128));
        }
        float[] small = new float[32];
        float[] large = new float[256];
        Dequantise.toFloat(DType.Q8_1, q8, 0, small, 0, 32);
        Dequantise.toFloat(DType.Q8_K, q8k, 0, large, 0, 256);
        for (int i = 0; i < 256; i++) {
            assertThat(small[i % 32]).isEqualTo(-0.5f * (i % 32 * 8 - 128));
            assertThat(large[i]).isEqualTo(1e-20f * (i - 128));
        }
    }

    @Test
    void convertsMoreThanOneChunk() {
        int count = 100_000;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment halves = arena.allocate(2L * count);
            for (int i = 0; i < count; i++) {
                halves.set(
                        ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(i % 2048));
            }
            float[] actual = new float[count];
            Dequantise.toFloat(DType.F16, halves, 0, actual, 0, count);
            for (int i = 0; i < count; i++) {
                assertThat(actual[i]).isEqualTo(i % 2048);
            }
        }
    }

    @Test
    void refusesPartOfABlockAndWhatDoesNotFit() {
        MemorySegment source = MemorySegment.ofArray(new byte[34]);
        assertThatThrownBy(() -> Dequantise.toFloat(DType.I8, source, 0, new float[32], 0, 32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("I8 holds whole numbers");
        assertThatThrownBy(() -> Dequantise.toFloat(DType.Q8_0, source, 0, new float[32], 0, 31))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("31 elements")
                .hasMessageContaining("blocks of 32");
        assertThatThrownBy(() -> Dequantise.toFloat(DType.Q8_0, source, 0, new float[64], 0, 64))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Dequantise.toFloat(DType.Q8_0, source, 0, new float[32], 1, 32))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    /// F32 stored as such, so the way through f64 keeps every bit.
    private static float[] reference(DType type) throws IOException {
        double[] values =
                ReferenceTensors.read(Shared.path("fixtures/quants/blocks.safetensors"))
                        .values(type.name());
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static int bits(float value) {
        return Float.floatToRawIntBits(value);
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = bits(values[i]);
        }
        return bits;
    }
}
