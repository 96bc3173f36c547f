package mobilellm.quant;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.testing.RandomWeights;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.SplittableRandom;

class NonFiniteTest {
    /// The scales alone must tell what the dequantised numbers show: random bits are often NaN or infinite.
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+")
    void findsTheFirstBlockWithANumberThatIsNotFinite(DType type) {
        long seed = System.nanoTime();
        System.out.println("seed of the random blocks: " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        int elements = type.isQuantised() ? 1024 : 1021;
        byte[] bytes = new byte[(int) type.bytes(elements)];
        for (int round = 0; round < 300; round++) {
            random.nextBytes(bytes);
            MemorySegment data = MemorySegment.ofArray(bytes);
            Tensor tensor = new Tensor("random", type, Shape.of(elements), data);
            float[] values = Dequantise.toFloat(tensor);
            long first = -1;
            for (int i = 0; i < elements && first < 0; i++) {
                first = Float.isFinite(values[i]) ? -1 : i / type.blockSize();
            }
            long found = NonFinite.firstBlock(tensor).orElse(-1);
            if (!type.isQuantised()) {
                assertThat(found).as("round %d", round).isEqualTo(first);
            } else if (first >= 0) {
                // An earlier block can have a broken scale whose integers all happen to be zero.
                assertThat(found).as("round %d", round).isBetween(0L, first);
            }
        }
    }

    /// Random bits seldom leave many numbers before the first broken one.
    @ParameterizedTest
    @EnumSource(names = {"F64", "F32", "F16", "BF16"})
    void findsTheOnlyOne(DType type) {
        int count = 21;
        for (int broken = 0; broken < count; broken++) {
            MemorySegment data = MemorySegment.ofArray(new byte[(int) type.bytes(count)]);
            long end = type.bytes(broken + 1);
            data.set(ValueLayout.JAVA_BYTE, end - 1, (byte) 0x7F);
            data.set(ValueLayout.JAVA_BYTE, end - 2, (byte) 0xF0);
            if (type == DType.F32 || type == DType.BF16) {
                data.set(ValueLayout.JAVA_BYTE, end - 2, (byte) 0x80);
            }
            Tensor tensor = new Tensor("infinity", type, Shape.of(count), data);
            assertThat(NonFinite.firstBlock(tensor)).hasValue(broken);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+")
    void soundWeightsAreFinite(DType type) {
        Tensor tensor = RandomWeights.of(type, 4, 256, 1, new Random(1));
        assertThat(NonFinite.firstBlock(tensor)).isEmpty();
        for (float value : Dequantise.toFloat(tensor)) {
            assertThat(value).isFinite();
        }
    }

    /// A NaN in each field of 16 bits of the third block in turn: some must be found, and in that block.
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+")
    void namesTheBlock(DType type) {
        Tensor tensor = RandomWeights.of(type, 4, 256, 1, new Random(2));
        int found = 0;
        for (int at = 0; at + 1 < type.blockBytes() || at == 0; at++) {
            MemorySegment data =
                    MemorySegment.ofArray(tensor.data().toArray(ValueLayout.JAVA_BYTE));
            long block = 2L * type.blockBytes() + at;
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block, (short) 0x7FFF);
            Tensor broken = new Tensor("broken", type, tensor.shape(), data);
            var first = NonFinite.firstBlock(broken);
            found += first.isPresent() && first.getAsLong() == 2 ? 1 : 0;
        }
        assertThat(found).isPositive();
    }
}
