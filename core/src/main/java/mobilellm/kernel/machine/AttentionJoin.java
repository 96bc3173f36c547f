package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Label;
import mobilellm.assembler.R64;

/// Joins what [AttentionRun] gave for each chunk of positions: with M the largest m, `O = sum(e^(m - M) o) / sum(e^(m - M) l)`, chunk
/// after chunk in their order (Milakov and Gimelshein 2018, arXiv 1805.02867).
final class AttentionJoin {
    // Arguments.
    /// The pair of the first token in the first chunk.
    static final int PAIRS = 0;

    /// Its output there.
    static final int OUTPUTS = 8;

    static final int CHUNKS = 16;

    /// Rows of the tile, and the heads of each.
    static final int ROWS = 24;

    static final int HEADS = 32;

    /// Where the first row's outputs go; one head follows the other. Overwritten.
    static final int TARGET = 40;

    /// Bytes from there to the next row's.
    static final int TARGET_STRIDE = 48;

    private static final R64 pairs = rsi;
    private static final R64 outputs = rdx;
    private static final R64 target = r8;
    private static final R64 heads = r9;
    private static final R64 pair = r10;
    private static final R64 output = r11;
    private static final R64 counter = rcx;

    private static final int SUM = 0;
    private static final int LARGEST = 5;

    private final Assembler a = new Assembler();
    private final Simd simd;
    private final int headDim;
    private final int resultBytes;

    AttentionJoin(CpuTier tier, int headDim) {
        simd = Simd.of(tier, a);
        this.headDim = headDim;
        resultBytes = (int) AttentionRun.resultBytes(headDim);
    }

    Code code() {
        var frame = CallingConvention.current().enter(a);
        Label row = a.label();
        Label head = a.label();
        a.mov(pairs, mem(rdi, PAIRS));
        a.mov(outputs, mem(rdi, OUTPUTS));
        a.bind(row);
        a.mov(heads, mem(rdi, HEADS));
        a.mov(target, mem(rdi, TARGET));
        a.bind(head);
        findFactors();
        int vectors = Math.ceilDiv(headDim, Simd.LANES);
        int together = Math.min(vectors, simd.values() - 3);
        for (int first = 0; first < vectors; first += together) {
            joinOutputs(first, Math.min(vectors, first + together));
        }
        a.add(pairs, AttentionRun.PAIR_BYTES);
        a.add(outputs, AttentionRun.outputBytes(headDim));
        a.add(target, headDim * Float.BYTES);
        a.dec(heads);
        a.jnz(head);
        a.mov(target, mem(rdi, TARGET_STRIDE));
        a.add(mem(rdi, TARGET), target);
        a.mov(counter, -1);
        a.add(mem(rdi, ROWS), counter);
        a.jnz(row);
        frame.leave();
        return a.assemble();
    }

    /// Overwrites the m of each chunk with `e^(m - M)`, and makes all lanes of [#SUM] what outputs are divided by.
    private void findFactors() {
        simd.constant(LARGEST, Float.NEGATIVE_INFINITY);
        forEachChunk(
                () -> {
                    simd.repeat(1, pair, 0);
                    simd.maximum(LARGEST, LARGEST, 1);
                });
        simd.zero(SUM);
        forEachChunk(
                () -> {
                    simd.repeat(1, pair, 0);
                    simd.subtract(1, 1, LARGEST);
                    Exponential.write(simd, 1, 2, 3, 4);
                    simd.storeFirst(pair, 0, 1);
                    simd.repeat(2, pair, Float.BYTES);
                    simd.multiplyAdd(SUM, 2, 1);
                });
    }

    /// Some vectors of the output: totals in registers from 3 on.
    private void joinOutputs(int from, int to) {
        for (int i = from; i < to; i++) {
            simd.zero(3 + i - from);
        }
        forEachChunk(
                () -> {
                    simd.repeat(1, pair, 0);
                    for (int i = from; i < to; i++) {
                        simd.load(2, output, i * Simd.BYTES);
                        simd.multiplyAdd(3 + i - from, 2, 1);
                    }
                });
        for (int i = from; i < to; i++) {
            int total = 3 + i - from;
            simd.divide(total, total, SUM);
            boolean whole = (i + 1) * Simd.LANES <= headDim;
            simd.store(whole ? target : outputs, i * Simd.BYTES, total);
        }
        // What lies behind the head in the target belongs to the next one.
        for (int i = Math.max(from, headDim / Simd.LANES) * Simd.LANES;
                i < Math.min(headDim, to * Simd.LANES);
                i++) {
            a.mov(eax, mem(outputs, i * Float.BYTES));
            a.mov(mem(target, i * Float.BYTES), eax);
        }
    }

    private void forEachChunk(Runnable body) {
        a.mov(pair, pairs);
        a.mov(output, outputs);
        a.mov(counter, mem(rdi, CHUNKS));
        simd.repeatTimes(
                counter,
                () -> {
                    body.run();
                    a.add(pair, resultBytes);
                    a.add(output, resultBytes);
                });
    }
}
