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
/// barrier ([ThreadTeam.Worker#arrivals]): a member that waits there fetches what it reads next to its second cache; if that takes long it
/// goes back to Java.
final class PlayKernel {
    // Arguments, 8 bytes each.
    /// Address of the step to begin with. Written: the one to go on with.
    static final int STEP = 0;

    /// Written: 1 where others are missing at a barrier, 0 after the last step.
    static final int MISSING = 8;

    /// The member's block of arguments.
    static final int BLOCK = 16;

    /// The member's count of barriers.
    static final int OWN = 24;

    /// The first member's count of barriers.
    static final int ARRIVALS = 32;

    static final int MEMBERS = 40;

    static final int ARGUMENT_BYTES = 64;

    /// A step: the first arguments of its routine and, in place of the last two of them, where the next step is, or 0, and where the routine.
    static final int STEP_BYTES = ProductKernel.SCRATCH;

    static final int NEXT = STEP_BYTES - 2 * Long.BYTES;
    static final int ROUTINE = STEP_BYTES - Long.BYTES;

    /// Of a barrier: address of the weights that are read next, and how many pieces of them to fetch.
    static final int FETCHED = 0;

    static final int PIECES = 8;

    /// What is fetched between two looks at the barrier.
    static final int PIECE_BYTES = 256;

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
        Label pause = a.label();
        Label hasCome = a.label();
        Label end = a.label();
        var frame = CallingConvention.current().enter(a, rbx, r12);
        a.mov(arguments, rdi);
        a.mov(step, mem(arguments, STEP));

        a.bind(next);
        a.xor(r9, r9);
        a.test(step, step);
        a.jz(end);
        a.mov(rax, mem(step, ROUTINE));
        a.test(rax, rax);
        a.jz(barrier);
        a.mov(rdi, mem(arguments, BLOCK));
        for (int at = 0; at < STEP_BYTES; at += 32) {
            a.vmovdqu(ymm(0), mem(step, at));
            a.vmovdqu(mem(rdi, at), ymm(0));
        }
        a.mov(rcx, rdi); // The other system's first argument.
        a.mov(step, mem(step, NEXT));
        a.prefetcht0(mem(step));
        a.prefetcht0(mem(step, 64));
        a.call(rax);
        a.jmp(next);

        a.bind(barrier);
        a.mov(r10, mem(step, FETCHED));
        a.mov(r11, mem(step, PIECES));
        a.mov(step, mem(step, NEXT));
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
        a.test(r11, r11);
        a.jz(pause);
        for (int at = 0; at < PIECE_BYTES; at += 64) {
            a.prefetcht1(mem(r10, at));
        }
        a.add(r10, PIECE_BYTES);
        a.dec(r11);
        a.jmp(check);
        a.bind(pause);
        a.pause();
        a.dec(r9d);
        a.jnz(check);
        a.inc(r9);
        a.jmp(end);
        a.bind(hasCome);
        a.add(rdx, (int) ThreadTeam.ARRIVAL_BYTES);
        a.dec(r8);
        a.jnz(check);
        a.jmp(next);

        a.bind(end);
        a.mov(mem(arguments, STEP), step);
        a.mov(mem(arguments, MISSING), r9);
        frame.leave();
        return a.assemble();
    }
}
