package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.Condition;
import mobilellm.assembler.Label;
import mobilellm.assembler.R64;
import mobilellm.kernel.ThreadTeam;

/// Plays steps that were recorded: copies the arguments of each to the member's block and calls its routine. A step without a routine is a
/// barrier ([ThreadTeam.Worker#arrivals]). Whoever waits there for long goes back to Java.
final class PlayKernel {
    // Arguments, 8 bytes each.
    /// Address of the step to begin with. Written: 0 after the last one; where others are missing at a barrier, that of the step behind it.
    static final int STEP = 0;

    /// Where the last step ends.
    static final int END = 8;

    /// The member's block of arguments.
    static final int BLOCK = 16;

    /// The member's count of barriers.
    static final int OWN = 24;

    /// The first member's count of barriers.
    static final int ARRIVALS = 32;

    static final int MEMBERS = 40;

    static final int ARGUMENT_BYTES = 64;

    /// A step: the first arguments of its routine and, in place of the last of them, the routine's address.
    static final int STEP_BYTES = ProductKernel.SCRATCH;

    static final int ROUTINE = STEP_BYTES - Long.BYTES;

    /// Pauses of some 40 ns before it is Java's turn.
    private static final int SPINS = 250;

    private static final R64 arguments = rbx;
    private static final R64 step = r12;

    private PlayKernel() {}

    static Code code() {
        var a = new Assembler();
        Label next = a.label();
        Label barrier = a.label();
        Label check = a.label();
        Label hasCome = a.label();
        Label end = a.label();
        Label leave = a.label();
        var frame = CallingConvention.current().enter(a, rbx, r12);
        a.mov(arguments, rdi);
        a.mov(step, mem(arguments, STEP));

        a.bind(next);
        a.cmp(step, mem(arguments, END));
        a.jae(end);
        a.mov(rax, mem(step, ROUTINE));
        a.test(rax, rax);
        a.jz(barrier);
        a.mov(rdi, mem(arguments, BLOCK));
        for (int at = 0; at < STEP_BYTES; at += 32) {
            a.vmovdqu(ymm(0), mem(step, at));
            a.vmovdqu(mem(rdi, at), ymm(0));
        }
        a.mov(rcx, rdi); // The other system's first argument.
        a.add(step, STEP_BYTES);
        a.call(rax);
        a.jmp(next);

        a.bind(barrier);
        a.add(step, STEP_BYTES);
        a.mov(rsi, mem(arguments, OWN));
        a.mov(eax, mem(rsi));
        a.inc(eax);
        a.mov(mem(rsi), eax);
        a.mov(rdx, mem(arguments, ARRIVALS));
        a.mov(r8, mem(arguments, MEMBERS));
        a.mov(r9d, SPINS);
        a.bind(check);
        a.mov(ecx, mem(rdx));
        a.sub(ecx, eax);
        a.jcc(Condition.NS, hasCome);
        a.pause();
        a.dec(r9d);
        a.jnz(check);
        a.jmp(leave);
        a.bind(hasCome);
        a.add(rdx, (int) ThreadTeam.ARRIVAL_BYTES);
        a.dec(r8);
        a.jnz(check);
        a.jmp(next);

        a.bind(end);
        a.xor(step, step);
        a.bind(leave);
        a.mov(mem(arguments, STEP), step);
        frame.leave();
        return a.assemble();
    }
}
