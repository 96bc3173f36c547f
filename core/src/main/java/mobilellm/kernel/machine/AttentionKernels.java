package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Label;
import mobilellm.tensor.DType;

/// What attention does beside its two products, see [Attention].
final class AttentionKernels {
    private final Assembler a = new Assembler();
    private final Simd simd;

    AttentionKernels(CpuTier tier) {
        simd = Simd.of(tier, a);
    }

    /// Turns rows of scores into weights: `w = e^(scale * score - m)`, m the largest of a row's first `limit` scaled scores; later ones
    /// become 0. Arguments: scores, rows of 512 bytes; f32 pairs (m, sum of w) to write; dword limits; rows; vectors of 16 in a row;
    /// f32 scale. A row of limit 0 gets minus infinity and 0.
    Code weights() {
        var frame = CallingConvention.current().enter(a);
        Label row = a.label();
        Label nothing = a.label();
        Label done = a.label();
        a.mov(rsi, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(r8, mem(rdi, 16));
        a.mov(r9, mem(rdi, 24));
        simd.repeat(6, rdi, 40);

        a.bind(row);
        a.mov(eax, mem(r8));
        a.test(eax, eax);
        a.jle(nothing);
        hideFrom();
        simd.constant(0, Float.NEGATIVE_INFINITY);
        forEachVector(
                () -> {
                    simd.load(1, r10, 0);
                    simd.multiply(1, 1, 6);
                    simd.maximum(0, 0, 1);
                    simd.store(r10, 0, 1);
                });
        simd.largestLane(0, 1);
        simd.storeFirst(rdx, 0, 0);
        simd.repeat(5, 0);
        simd.zero(0);
        forEachVector(
                () -> {
                    simd.load(1, r10, 0);
                    simd.subtract(1, 1, 5);
                    Exponential.write(simd, 1, 2, 3, 4);
                    simd.add(0, 0, 1);
                    simd.store(r10, 0, 1);
                });
        simd.sumLanes(0, 1);
        simd.storeFirst(rdx, 4, 0);
        a.jmp(done);

        a.bind(nothing);
        simd.zero(0);
        forEachVector(() -> simd.store(r10, 0, 0));
        simd.storeFirst(rdx, 4, 0);
        simd.constant(0, Float.NEGATIVE_INFINITY);
        simd.storeFirst(rdx, 0, 0);

        a.bind(done);
        a.add(rsi, Attention.CHUNK_BYTES);
        a.add(rdx, 8);
        a.add(r8, 4);
        a.dec(r9);
        a.jnz(row);
        frame.leave();
        return a.assemble();
    }

    /// Overwrites the scores from number rax on with minus infinity.
    private void hideFrom() {
        Label next = a.label();
        Label end = a.label();
        a.mov(rcx, mem(rdi, 32));
        a.shl(rcx, 4);
        a.mov(r11d, Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));
        a.bind(next);
        a.cmp(rax, rcx);
        a.jae(end);
        a.mov(mem(rsi, rax, 4, 0), r11d);
        a.inc(rax);
        a.jmp(next);
        a.bind(end);
    }

    /// r10 walks over the vectors of a row of scores.
    private void forEachVector(Runnable body) {
        a.mov(r10, rsi);
        a.mov(rcx, mem(rdi, 32));
        simd.repeatTimes(
                rcx,
                () -> {
                    body.run();
                    a.add(r10, Simd.BYTES);
                });
    }

    /// Multiplies weights with the scales of values in Q8_0. Arguments: weights, rows of 512 bytes; target, such rows for each block of 32
    /// dimensions; f16 scales, for 16 positions and each block 16 of them; rows; vectors of 16 in a row; bytes from a block's rows to the next block's.
    Code scaling(int blocks) {
        var frame = CallingConvention.current().enter(a);
        Label row = a.label();
        a.mov(rsi, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(r9, mem(rdi, 24));
        a.bind(row);
        a.mov(r8, mem(rdi, 16));
        a.mov(r11, rdx);
        forEachVector(
                () -> {
                    simd.load(0, r10, 0);
                    a.mov(rax, r11);
                    for (int block = 0; block < blocks; block++) {
                        simd.widen(1, DType.F16, r8, block * Simd.LANES * Short.BYTES);
                        simd.multiply(1, 1, 0);
                        simd.store(rax, 0, 1);
                        a.add(rax, mem(rdi, 40));
                    }
                    a.add(r8, blocks * Simd.LANES * Short.BYTES);
                    a.add(r11, Simd.BYTES);
                });
        a.add(rsi, Attention.CHUNK_BYTES);
        a.add(rdx, Attention.CHUNK_BYTES);
        a.dec(r9);
        a.jnz(row);
        frame.leave();
        return a.assemble();
    }

    /// Joins what attention gave for a chunk of positions to what earlier chunks gave. Arguments: pairs (M, L) and rows of outputs O
    /// of what came before; pairs (m, l) and outputs o of the chunk; rows. With N = max(M, m): `L = L e^(M - N) + l e^(m - N)`, and O
    /// likewise; M becomes N (Milakov and Gimelshein 2018, arXiv 1805.02867).
    Code merge(int outputBytes) {
        var frame = CallingConvention.current().enter(a);
        Label row = a.label();
        a.mov(rsi, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(r8, mem(rdi, 16));
        a.mov(r9, mem(rdi, 24));
        a.mov(rcx, mem(rdi, 32));
        a.bind(row);
        simd.repeat(0, rsi, 0);
        simd.repeat(1, r8, 0);
        simd.maximum(5, 0, 1);
        simd.subtract(0, 0, 5);
        simd.subtract(1, 1, 5);
        Exponential.write(simd, 0, 2, 3, 4);
        Exponential.write(simd, 1, 2, 3, 4);
        simd.repeat(2, rsi, 4);
        simd.repeat(3, r8, 4);
        simd.multiply(2, 2, 0);
        simd.multiplyAdd(2, 3, 1);
        simd.storeFirst(rsi, 0, 5);
        simd.storeFirst(rsi, 4, 2);
        for (int at = 0; at < outputBytes; at += Simd.BYTES) {
            simd.load(2, rdx, at);
            simd.load(3, r9, at);
            simd.multiply(2, 2, 0);
            simd.multiplyAdd(2, 3, 1);
            simd.store(rdx, at, 2);
        }
        a.add(rsi, 8);
        a.add(rdx, outputBytes);
        a.add(r8, 8);
        a.add(r9, outputBytes);
        a.dec(rcx);
        a.jnz(row);
        frame.leave();
        return a.assemble();
    }

    /// Divides outputs by the sums of their weights. Arguments: pairs (M, L), rows of outputs, target, rows. One head of the target follows the other.
    Code divide(int headDim, int outputBytes) {
        var frame = CallingConvention.current().enter(a);
        Label row = a.label();
        a.mov(rsi, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(r8, mem(rdi, 16));
        a.mov(rcx, mem(rdi, 24));
        a.bind(row);
        simd.repeat(0, rsi, 4);
        int i = 0;
        for (; i < headDim; i += Simd.LANES) {
            simd.load(1, rdx, 4 * i);
            simd.divide(1, 1, 0);
            simd.store(i + Simd.LANES <= headDim ? r8 : rdx, 4 * i, 1);
        }
        // What lies behind the head in the target belongs to the next one.
        for (i = headDim / Simd.LANES * Simd.LANES; i < headDim; i++) {
            a.mov(eax, mem(rdx, 4 * i));
            a.mov(mem(r8, 4 * i), eax);
        }
        a.add(rsi, 8);
        a.add(rdx, outputBytes);
        a.add(r8, 4 * headDim);
        a.dec(rcx);
        a.jnz(row);
        frame.leave();
        return a.assemble();
    }
}
