package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Label;

/// Sums of exponentials of logits, see [mobilellm.kernel.Operations#addToLogSums].
final class LogSums {
    private final Assembler a = new Assembler();
    private final Simd simd;

    LogSums(CpuTier tier) {
        simd = Simd.of(tier, a);
    }

    /// Arguments: rows of logits; pairs (m, l); where to write each row's largest; rows; vectors of 16 in a row; bytes from row to row.
    Code code() {
        var frame = CallingConvention.current().enter(a);
        Label row = a.label();
        a.mov(rsi, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(r8, mem(rdi, 16));
        a.mov(r9, mem(rdi, 24));

        a.bind(row);
        simd.constant(0, Float.NEGATIVE_INFINITY);
        forEachVector(() -> simd.maximum(0, 0, 1));
        simd.largestLane(0, 1);
        simd.storeFirst(r8, 0, 0);
        simd.repeat(5, 0);
        simd.repeat(6, rdx, 0);
        simd.maximum(5, 5, 6);
        simd.storeFirst(rdx, 0, 5);
        simd.subtract(6, 6, 5);
        Exponential.write(simd, 6, 2, 3, 4);
        simd.repeat(1, rdx, 4);
        simd.multiply(6, 6, 1);
        simd.zero(0);
        forEachVector(
                () -> {
                    // Zero, but NaN where the logit is not finite: the exponential does not tell.
                    simd.plusTimes(0, 1, 0);
                    simd.subtract(1, 1, 5);
                    Exponential.write(simd, 1, 2, 3, 4);
                    simd.add(0, 0, 1);
                });
        simd.sumLanes(0, 1);
        simd.add(0, 0, 6);
        simd.storeFirst(rdx, 4, 0);

        a.add(rsi, mem(rdi, 40));
        a.add(rdx, 8);
        a.add(r8, 4);
        a.dec(r9);
        a.jnz(row);
        frame.leave();
        return a.assemble();
    }

    /// Runs `body` with each vector of a row in value 1.
    private void forEachVector(Runnable body) {
        a.mov(r10, rsi);
        a.mov(rcx, mem(rdi, 32));
        simd.repeatTimes(
                rcx,
                () -> {
                    simd.load(1, r10, 0);
                    body.run();
                    a.add(r10, Simd.BYTES);
                });
    }
}
