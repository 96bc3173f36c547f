package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.RowOrder;
import mobilellm.tensor.Tensor;
import mobilellm.testing.RandomWeights;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

/// Machine code packs the bytes that plain loops pack, and refuses what they refuse.
class PackingTest {
    private final Arena arena = Arena.ofShared();
    private final ThreadTeam team = new ThreadTeam(2);

    @AfterEach
    void free() {
        team.close();
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "F32", "F16", "BF16", "Q5_1", "Q6_K", "Q2_K"})
    void packsTheSameBytes(DType type) {
        Random random = new Random(1);
        List<Integer> lengths =
                switch (type) {
                    case Q8_0, Q4_0, Q4_1 -> List.of(32, 96, 576);
                    case F32, F16, BF16 -> List.of(1, 8, 12, 31, 64, 1160);
                    default -> List.of(256);
                };
        for (int rows : new int[] {1, 15, 16, 17, 48, 577}) {
            for (int columns : lengths) {
                assertSameBytes(RandomWeights.of(type, rows, columns, 1, random), RowOrder.STORED);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_1", "F16"})
    void packsRowsInTheOrderThatIsWanted(DType type) {
        int rows = 130;
        Tensor tensor = RandomWeights.of(type, rows, 96, 1, new Random(2));
        assertSameBytes(tensor, row -> rows - 1 - row);
        float[] first = new float[96];
        float[] last = new float[96];
        pack(Kernels.of("scalar"), tensor, row -> rows - 1 - row).readRow(0, first);
        pack(Kernels.of("scalar"), tensor, RowOrder.STORED).readRow(rows - 1, last);
        assertThat(first).isEqualTo(last);
    }

    /// The buffer holds a part of it at a time.
    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "F32"})
    void packsWhatIsLargerThanItsBuffer(DType type) {
        assertSameBytes(RandomWeights.of(type, 1000, 4096, 1, new Random(3)), RowOrder.STORED);
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "F32", "F16", "BF16", "Q5_0"})
    void refusesNumbersAndScalesThatAreNotFinite(DType type) {
        Random random = new Random(4);
        int[] patterns =
                switch (type) {
                    case F32 -> new int[] {0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f80_0001};
                    case BF16 -> new int[] {0x7f80, 0xff80, 0x7fc0, 0xff81};
                    default -> new int[] {0x7c00, 0xfc00, 0x7e00, 0xfc01};
                };
        for (int i = 0; i < 40; i++) {
            Tensor tensor = RandomWeights.of(type, 35, 64, 1, random);
            int block = random.nextInt(35 * 64 / type.blockSize());
            int field = type == DType.Q4_1 ? random.nextInt(2) : 0;
            long at = (long) block * type.blockBytes() + 2L * field;
            MemorySegment bytes =
                    MemorySegment.ofArray(tensor.data().toArray(ValueLayout.JAVA_BYTE));
            int pattern = patterns[i % patterns.length];
            if (type == DType.F32) {
                bytes.set(ValueLayout.JAVA_INT_UNALIGNED, at, pattern);
            } else {
                bytes.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) pattern);
            }
            Tensor broken = new Tensor("broken", type, tensor.shape(), bytes);
            for (KernelProvider kernels : packers()) {
                assertThatThrownBy(() -> pack(kernels, broken, RowOrder.STORED))
                        .isInstanceOf(MalformedFileException.class)
                        .hasMessageContaining("'broken' (" + type + ")")
                        .hasMessageEndingWith(" " + block);
            }
        }
    }

    private static List<KernelProvider> packers() {
        return Kernels.usable().stream()
                .filter(kernels -> kernels.name().matches("scalar|machine:.*"))
                .toList();
    }

    private void assertSameBytes(Tensor tensor, RowOrder order) {
        PackedMatrix expected = pack(Kernels.of("scalar"), tensor, order);
        for (KernelProvider kernels : packers()) {
            PackedMatrix packed = pack(kernels, tensor, order);
            String what = kernels.name() + " " + tensor.type() + " " + tensor.shape();
            assertThat(packed.quants().mismatch(expected.quants())).as(what).isEqualTo(-1);
            assertThat(packed.scales().mismatch(expected.scales())).as(what).isEqualTo(-1);
            assertThat(packed.minimums().mismatch(expected.minimums())).as(what).isEqualTo(-1);
        }
    }

    private PackedMatrix pack(KernelProvider kernels, Tensor tensor, RowOrder order) {
        Packing packing = new Packing(arena, kernels::packer);
        PackedMatrix matrix = packing.add(tensor, order, PackedForm.of(tensor.type()));
        packing.run(team);
        return matrix;
    }
}
