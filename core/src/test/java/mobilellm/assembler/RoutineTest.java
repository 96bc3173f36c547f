package mobilellm.assembler;

import static mobilellm.assembler.Registers.*;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import mobilellm.testing.GuardedMemory;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/// Code that runs: loops, constants, masks, memory before guard pages.
final class RoutineTest {
    private final CpuFeatures cpu = CpuFeatures.detect();
    private final Random random = new Random(1);

    /// Sums `n` ints, a multiple of 8: block = address, n, result.
    private static Code sumOf256Bits() {
        var a = new Assembler();
        var frame = CallingConvention.current().enter(a, rbx);
        Label loop = a.label();
        a.mov(rbx, mem(rdi));
        a.mov(rcx, mem(rdi, 8));
        a.vpxor(ymm(0), ymm(0), ymm(0));
        a.align(32);
        a.bind(loop);
        a.vpaddd(ymm(0), ymm(0), mem(rbx));
        a.add(rbx, 32);
        a.sub(rcx, 8);
        a.jnz(loop);
        a.vextracti128(xmm(1), ymm(0), 1);
        a.vpaddd(xmm(0), xmm(0), xmm(1));
        a.vpshufd(xmm(1), xmm(0), 0b01_00_11_10);
        a.vpaddd(xmm(0), xmm(0), xmm(1));
        a.vpshufd(xmm(1), xmm(0), 0b10_11_00_01);
        a.vpaddd(xmm(0), xmm(0), xmm(1));
        a.vmovd(mem(rdi, 16), xmm(0));
        frame.leave();
        return a.assemble();
    }

    /// Sums `n` ints, any number: whole vectors of 16, the rest under a mask.
    private static Code sumOf512Bits() {
        var a = new Assembler();
        var frame = CallingConvention.current().enter(a);
        Label loop = a.label();
        Label rest = a.label();
        a.mov(rax, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.vpxord(zmm(16), zmm(16), zmm(16));
        a.bind(loop);
        a.sub(rdx, 16);
        a.jl(rest);
        a.vpaddd(zmm(16), zmm(16), mem(rax));
        a.add(rax, 64);
        a.jmp(loop);
        a.bind(rest);
        a.add(rdx, 16);
        a.vpbroadcastd(zmm(17), edx);
        a.vpcmpud(k(1), zmm(17), a.dwords(IntStream.range(0, 16).toArray()), 6); // n > index
        a.vmovdqu32(zmm(18).zeroed(k(1)), mem(rax));
        a.vpaddd(zmm(16), zmm(16), zmm(18));
        a.vextracti64x4(ymm(17), zmm(16), 1);
        a.vpaddd(ymm(16), ymm(16), ymm(17));
        a.vextracti32x4(xmm(17), ymm(16), 1);
        a.vpaddd(xmm(16), xmm(16), xmm(17));
        a.vpshufd(xmm(17), xmm(16), 0b01_00_11_10);
        a.vpaddd(xmm(16), xmm(16), xmm(17));
        a.vpshufd(xmm(17), xmm(16), 0b10_11_00_01);
        a.vpaddd(xmm(16), xmm(16), xmm(17));
        a.vmovd(mem(rdi, 16), xmm(16));
        frame.leave();
        return a.assemble();
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16, 800})
    void anArrayIsSummedWithAvx2(int count) throws ExecutableMemoryRefused {
        assume(CpuTier.AVX2);
        assertSum(sumOf256Bits(), count);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 17, 803})
    void anArrayIsSummedWithAvx512AndNoByteBeyondItIsRead(int count)
            throws ExecutableMemoryRefused {
        assume(CpuTier.AVX512_VNNI);
        assertSum(sumOf512Bits(), count);
    }

    private void assertSum(Code code, int count) throws ExecutableMemoryRefused {
        try (Arena arena = Arena.ofConfined()) {
            Routine routine = CodeMemory.install(arena, code);
            MemorySegment values = GuardedMemory.before(arena, count * 4L);
            int sum = 0;
            for (int i = 0; i < count; i++) {
                int value = random.nextInt();
                values.setAtIndex(ValueLayout.JAVA_INT, i, value);
                sum += value;
            }
            MemorySegment block = arena.allocate(24, 8);
            block.set(ValueLayout.JAVA_LONG, 0, values.address());
            block.set(ValueLayout.JAVA_LONG, 8, count);
            routine.call(block);
            assertThat(block.get(ValueLayout.JAVA_INT, 16)).isEqualTo(sum);
            block.set(ValueLayout.JAVA_INT, 16, 0);
            routine.callCritical(block);
            assertThat(block.get(ValueLayout.JAVA_INT, 16)).isEqualTo(sum);
        }
    }

    /// 2 * x + 0.5 for f16 x, with constants from behind the code.
    @Test
    void constantsAreWhereTheCodeReadsThem() throws ExecutableMemoryRefused {
        assume(CpuTier.AVX2);
        var a = new Assembler();
        var frame = CallingConvention.current().enter(a);
        a.vcvtph2ps(ymm(6), mem(rdi));
        a.vbroadcastss(ymm(7), a.floats(2f));
        a.vfmadd213ps(ymm(6), ymm(7), a.floats(0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 1.5f));
        a.vmovups(mem(rdi, 16), ymm(6));
        frame.leave();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = GuardedMemory.behind(arena, 48);
            for (int i = 0; i < 8; i++) {
                block.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(i - 3));
            }
            CodeMemory.install(arena, a.assemble()).call(block);
            assertThat(block.asSlice(16).toArray(ValueLayout.JAVA_FLOAT))
                    .containsExactly(-5.5f, -3.5f, -1.5f, 0.5f, 2.5f, 4.5f, 6.5f, 9.5f);
        }
    }

    @Test
    void integerDotProductsOfBothPrefixesAgree() throws ExecutableMemoryRefused {
        assume(CpuTier.AVX_VNNI);
        assume(CpuTier.AVX512_VNNI);
        var a = new Assembler();
        var frame = CallingConvention.current().enter(a);
        a.vmovdqu(ymm(1), mem(rdi));
        a.vpxor(ymm(0), ymm(0), ymm(0));
        a.vpxor(ymm(2), ymm(2), ymm(2));
        a.vpdpbusdVex(ymm(0), ymm(1), mem(rdi, 32));
        a.vpdpbusd(ymm(2), ymm(1), mem(rdi, 32));
        a.vmovdqu(mem(rdi, 64), ymm(0));
        a.vmovdqu(mem(rdi, 96), ymm(2));
        frame.leave();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = GuardedMemory.behind(arena, 128);
            byte[] bytes = new byte[64];
            random.nextBytes(bytes);
            MemorySegment.copy(bytes, 0, block, ValueLayout.JAVA_BYTE, 0, 64);
            CodeMemory.install(arena, a.assemble()).call(block);
            for (int i = 0; i < 8; i++) {
                int sum = 0;
                for (int j = 0; j < 4; j++) {
                    sum += (bytes[4 * i + j] & 0xFF) * bytes[32 + 4 * i + j];
                }
                assertThat(block.getAtIndex(ValueLayout.JAVA_INT, 16 + i)).isEqualTo(sum);
                assertThat(block.getAtIndex(ValueLayout.JAVA_INT, 24 + i)).isEqualTo(sum);
            }
        }
    }

    @Test
    void aRoutineEndsWithItsArena() throws ExecutableMemoryRefused {
        assume(CpuTier.AVX2);
        Routine routine;
        try (Arena arena = Arena.ofConfined()) {
            Code code = sumOf256Bits();
            List<Routine> both = CodeMemory.install(arena, List.of(code, code));
            routine = both.getLast();
            assertThat(routine.address() - both.getFirst().address())
                    .isBetween((long) code.size(), code.size() + Code.ALIGNMENT - 1L);
        }
        assertThatThrownBy(() -> routine.call(MemorySegment.NULL))
                .isInstanceOf(IllegalStateException.class);
    }

    private void assume(CpuTier tier) {
        assumeTrue(cpu.tiers().contains(tier), () -> "skipped: no " + tier + " here; " + cpu.why());
    }
}
