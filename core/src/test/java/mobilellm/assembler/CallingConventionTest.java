package mobilellm.assembler;

import static mobilellm.assembler.Registers.*;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import mobilellm.testing.GuardedMemory;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/// Machine code calls machine code by the rules of each system, on any system.
final class CallingConventionTest {
    private static final R64[] CALLER_OWNED_EVERYWHERE = {rbx, rbp, r12, r13, r14, r15};

    @ParameterizedTest
    @EnumSource
    void theArgumentArrivesAndWhatIsTheCallersComesBack(CallingConvention convention)
            throws ExecutableMemoryRefused {
        var cpu = CpuFeatures.detect();
        assumeTrue(cpu.tiers().contains(CpuTier.AVX2), cpu::why);
        boolean windows = convention == CallingConvention.WINDOWS;
        var owned = new ArrayList<>(List.of(CALLER_OWNED_EVERYWHERE));
        List<Xmm> vectors = IntStream.range(6, windows ? 16 : 6).mapToObj(i -> xmm(i)).toList();
        if (windows) {
            owned.addAll(List.of(rsi, rdi));
        }
        int bytes = Long.BYTES * owned.size() + 16 * vectors.size();
        byte[] values = new byte[bytes];
        new Random(1).nextBytes(values);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = GuardedMemory.before(arena, Long.BYTES + 2L * bytes);
            MemorySegment.copy(values, 0, block, ValueLayout.JAVA_BYTE, Long.BYTES, bytes);
            Routine called = CodeMemory.install(arena, changesEverything(convention));
            CodeMemory.install(arena, calls(called, windows ? rcx : rdi, owned, vectors))
                    .call(block);
            assertThat(block.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(block.address());
            assertThat(block.asSlice(Long.BYTES + bytes).toArray(ValueLayout.JAVA_BYTE))
                    .isEqualTo(values);
        }
    }

    /// Writes the address of its block into it.
    private static Code changesEverything(CallingConvention convention) {
        var a = new Assembler();
        var frame = convention.enter(a, CALLER_OWNED_EVERYWHERE);
        a.mov(mem(rdi), rdi);
        for (R64 register :
                List.of(rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15)) {
            a.mov(register, -1);
        }
        IntStream.range(0, 16).forEach(i -> a.vpcmpeqd(ymm(i), ymm(i), ymm(i)));
        frame.leave();
        return a.assemble();
    }

    /// Fills registers with what the block has behind its first number, calls, and writes them behind that.
    private static Code calls(Routine called, R64 argument, List<R64> owned, List<Xmm> vectors) {
        var a = new Assembler();
        var frame = CallingConvention.current().enter(a, CALLER_OWNED_EVERYWHERE);
        a.push(rdi);
        a.sub(rsp, 32); // Windows: for the called to use as it likes.
        a.mov(rax, rdi);
        int offset = Long.BYTES;
        for (R64 register : owned) {
            a.mov(register, mem(rax, offset));
            offset += Long.BYTES;
        }
        for (Xmm vector : vectors) {
            a.vmovups(vector, mem(rax, offset));
            offset += 16;
        }
        a.mov(argument, rax);
        a.mov(rax, called.address());
        a.call(rax);
        a.add(rsp, 32);
        a.pop(rax);
        for (R64 register : owned) {
            a.mov(mem(rax, offset), register);
            offset += Long.BYTES;
        }
        for (Xmm vector : vectors) {
            a.vmovups(mem(rax, offset), vector);
            offset += 16;
        }
        frame.leave();
        return a.assemble();
    }
}
