package mobilellm.assembler;

import static mobilellm.assembler.Registers.mem;
import static mobilellm.assembler.Registers.rcx;
import static mobilellm.assembler.Registers.rdi;
import static mobilellm.assembler.Registers.rsi;
import static mobilellm.assembler.Registers.rsp;
import static mobilellm.assembler.Registers.xmm;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// How a system's functions are called: where the argument is, and which registers must come back as they were.
///
/// A routine begins with [#enter] and ends with [Frame#leave]. In between, on every system, the argument is in rdi, and
/// rax, rcx, rdx, rsi, rdi, r8 to r11, all vectors and all masks are free.
public enum CallingConvention {
    /// Linux and macOS ("System V Application Binary Interface, AMD64 Architecture Processor Supplement", section 3.2).
    SYSTEM_V(List.of(), 0),

    /// Windows ("x64 calling convention"): argument in rcx; rsi, rdi and xmm6 to xmm15 are the caller's.
    WINDOWS(List.of(rdi, rsi), 10);

    private static final int FIRST_SAVED_VECTOR = 6;
    private static final int VECTOR_BYTES = 16;

    @SuppressWarnings("ImmutableEnumChecker") // Nobody changes it.
    private final List<R64> alwaysSaved;

    private final int savedVectors;

    CallingConvention(List<R64> alwaysSaved, int savedVectors) {
        this.alwaysSaved = alwaysSaved;
        this.savedVectors = savedVectors;
    }

    /// That of the system we run on.
    public static CallingConvention current() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows")
                ? WINDOWS
                : SYSTEM_V;
    }

    /// Writes the beginning of a routine that also uses `saved`, of rbx, rbp and r12 to r15. Needs AVX.
    public Frame enter(Assembler a, R64... saved) {
        return enter(a, true, saved);
    }

    /// As [#enter], for a routine that uses no vectors and may run on a processor without AVX.
    Frame enterWithoutVectors(Assembler a, R64... saved) {
        return enter(a, false, saved);
    }

    private Frame enter(Assembler a, boolean usesVectors, R64... saved) {
        var pushed = new ArrayList<>(alwaysSaved);
        pushed.addAll(List.of(saved));
        pushed.forEach(a::push);
        var frame = new Frame(a, List.copyOf(pushed), usesVectors, usesVectors ? savedVectors : 0);
        frame.saveVectors();
        if (this == WINDOWS) {
            a.mov(rdi, rcx);
        }
        return frame;
    }

    /// What the beginning of a routine saved.
    public static final class Frame {
        private final Assembler a;
        private final List<R64> pushed;
        private final boolean usesVectors;
        private final int savedVectors;

        private Frame(Assembler a, List<R64> pushed, boolean usesVectors, int savedVectors) {
            this.a = a;
            this.pushed = pushed;
            this.usesVectors = usesVectors;
            this.savedVectors = savedVectors;
        }

        private void saveVectors() {
            if (savedVectors > 0) {
                a.sub(rsp, savedVectors * VECTOR_BYTES);
            }
            for (int i = 0; i < savedVectors; i++) {
                a.vmovups(mem(rsp, i * VECTOR_BYTES), xmm(FIRST_SAVED_VECTOR + i));
            }
        }

        /// Writes the end: clears the upper parts of vectors (they slow down the caller's SSE code), restores what was saved, returns.
        public void leave() {
            if (usesVectors) {
                a.vzeroupper();
            }
            for (int i = 0; i < savedVectors; i++) {
                a.vmovups(xmm(FIRST_SAVED_VECTOR + i), mem(rsp, i * VECTOR_BYTES));
            }
            if (savedVectors > 0) {
                a.add(rsp, savedVectors * VECTOR_BYTES);
            }
            pushed.reversed().forEach(a::pop);
            a.ret();
        }
    }
}
