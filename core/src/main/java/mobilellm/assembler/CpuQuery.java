package mobilellm.assembler;

import static mobilellm.assembler.Registers.eax;
import static mobilellm.assembler.Registers.ebx;
import static mobilellm.assembler.Registers.ecx;
import static mobilellm.assembler.Registers.edx;
import static mobilellm.assembler.Registers.mem;
import static mobilellm.assembler.Registers.rbx;
import static mobilellm.assembler.Registers.rdi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The instructions CPUID and XGETBV, as routines: the block holds eax and ecx, and takes eax, ebx, ecx and edx behind them.
final class CpuQuery implements AutoCloseable {
    private static final int INPUTS = 2;
    private static final int REGISTERS = 6;
    private static final int HIGHEST_LEAF = 0;
    private static final int OS_SAVES_STATE = 1 << 27;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment block;
    private final Routine cpuid;
    private final Routine xgetbv;

    CpuQuery() throws ExecutableMemoryRefused {
        try {
            List<Routine> routines =
                    CodeMemory.install(
                            arena, List.of(code(Assembler::cpuid), code(Assembler::xgetbv)));
            cpuid = routines.getFirst();
            xgetbv = routines.getLast();
            block = arena.allocate(ValueLayout.JAVA_INT, REGISTERS);
        } catch (ExecutableMemoryRefused | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static Code code(Consumer<Assembler> instruction) {
        var a = new Assembler();
        var frame = CallingConvention.current().enterWithoutVectors(a, rbx);
        a.mov(eax, mem(rdi));
        a.mov(ecx, mem(rdi, 4));
        instruction.accept(a);
        a.mov(mem(rdi, 8), eax);
        a.mov(mem(rdi, 12), ebx);
        a.mov(mem(rdi, 16), ecx);
        a.mov(mem(rdi, 20), edx);
        frame.leave();
        return a.assemble();
    }

    /// eax, ebx, ecx and edx of a leaf, zeros if the processor has no such leaf.
    List<Integer> leaf(int leaf, int subleaf) {
        int highest = run(cpuid, leaf & 0x8000_0000, 0).get(HIGHEST_LEAF);
        return Integer.compareUnsigned(leaf, highest) > 0
                ? List.of(0, 0, 0, 0)
                : run(cpuid, leaf, subleaf);
    }

    /// The lower half of XCR0: which registers the system saves; 0 if it saves none beyond SSE's.
    int savedState() {
        return (leaf(1, 0).get(2) & OS_SAVES_STATE) == 0 ? 0 : run(xgetbv, 0, 0).getFirst();
    }

    private List<Integer> run(Routine routine, int eax, int ecx) {
        block.setAtIndex(ValueLayout.JAVA_INT, 0, eax);
        block.setAtIndex(ValueLayout.JAVA_INT, 1, ecx);
        routine.call(block);
        var results = new ArrayList<Integer>();
        for (int i = INPUTS; i < REGISTERS; i++) {
            results.add(block.getAtIndex(ValueLayout.JAVA_INT, i));
        }
        return List.copyOf(results);
    }

    @Override
    public void close() {
        arena.close();
    }
}
