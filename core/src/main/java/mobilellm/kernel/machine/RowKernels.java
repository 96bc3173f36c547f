package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.R64;

/// What happens to a row of activations between the products.
final class RowKernels {
    private final Assembler a;
    private final Simd simd;

    RowKernels(CpuTier tier) {
        this(tier, new Assembler());
    }

    /// @param a what a part of a routine is written to
    RowKernels(CpuTier tier, Assembler a) {
        this.a = a;
        simd = Simd.of(tier, a);
    }

    /// `target = x / sqrt(mean(x^2) + epsilon) * weight`. Arguments: x, weight, target, vectors of 16, and as f32 the count and epsilon;
    /// what pads x and weight is zero.
    Code rmsNorm() {
        var frame = CallingConvention.current().enter(a);
        a.mov(rsi, mem(rdi));
        a.mov(rcx, mem(rdi, 24));
        inverseRootOfRow();
        a.mov(rsi, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(r8, mem(rdi, 16));
        a.mov(rcx, mem(rdi, 24));
        simd.repeatTimes(
                rcx,
                () -> {
                    simd.load(1, rsi, 0);
                    simd.multiply(1, 1, 0);
                    simd.multiply(1, 1, rdx, 0);
                    simd.store(r8, 0, 1);
                    a.add(rsi, Simd.BYTES);
                    a.add(rdx, Simd.BYTES);
                    a.add(r8, Simd.BYTES);
                });
        frame.leave();
        return a.assemble();
    }

    /// All lanes of value 0 become `1 / sqrt(mean(x^2) + epsilon)` of the `rcx` vectors from `rsi` on. Overwrites both, and values 1 and 2. Of the
    /// arguments, number 4 is the count and number 5 epsilon, as f32.
    void inverseRootOfRow() {
        simd.zero(0);
        simd.repeatTimes(
                rcx,
                () -> {
                    simd.load(1, rsi, 0);
                    simd.multiplyAdd(0, 1, 1);
                    a.add(rsi, Simd.BYTES);
                });
        simd.sumLanes(0, 1);
        inverseRoot();
    }

    /// [#rmsNorm] of the heads of a row, in place. Arguments: x, weight, -, heads, and as f32 the head dim and epsilon.
    Code normaliseHeads(int headDim) {
        int whole = headDim / Simd.LANES * Simd.LANES;
        var frame = CallingConvention.current().enter(a);
        a.mov(rsi, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(rcx, mem(rdi, 24));
        simd.repeatTimes(
                rcx,
                () -> {
                    simd.zero(0);
                    for (int i = 0; i < whole; i += Simd.LANES) {
                        simd.load(1, rsi, 4 * i);
                        simd.multiplyAdd(0, 1, 1);
                    }
                    simd.sumLanes(0, 1);
                    for (int i = whole; i < headDim; i++) {
                        a.vmovss(xmm(2), mem(rsi, 4 * i));
                        a.vfmadd231ss(xmm(0), xmm(2), xmm(2));
                    }
                    inverseRoot();
                    for (int i = 0; i < whole; i += Simd.LANES) {
                        simd.load(1, rsi, 4 * i);
                        simd.multiply(1, 1, 0);
                        simd.multiply(1, 1, rdx, 4 * i);
                        simd.store(rsi, 4 * i, 1);
                    }
                    for (int i = whole; i < headDim; i++) {
                        a.vmulss(xmm(2), xmm(0), mem(rsi, 4 * i));
                        a.vmulss(xmm(2), xmm(2), mem(rdx, 4 * i));
                        a.vmovss(mem(rsi, 4 * i), xmm(2));
                    }
                    a.add(rsi, 4 * headDim);
                });
        frame.leave();
        return a.assemble();
    }

    /// All lanes of value 0 become `1 / sqrt(x / count + epsilon)` of lane 0, which is the first of `xmm 0` on every tier.
    private void inverseRoot() {
        a.vdivss(xmm(0), xmm(0), mem(rdi, 32));
        a.vaddss(xmm(0), xmm(0), mem(rdi, 40));
        a.vsqrtss(xmm(0), xmm(0), xmm(0));
        a.vmovss(xmm(2), a.floats(1));
        a.vdivss(xmm(0), xmm(2), xmm(0));
        simd.repeat(0, 0);
    }

    /// `gate = gate / (1 + e^-gate) * up`.
    Code swiGlu() {
        return ofTwo(() -> swiGlu(rsi, rdx, 0));
    }

    /// [#swiGlu] of a vector. Overwrites values 0 to 4.
    void swiGlu(R64 gate, R64 up, int displacement) {
        simd.load(0, gate, displacement);
        simd.times(1, 0, -1);
        Exponential.write(simd, 1, 2, 3, 4);
        simd.plus(1, 1, 1);
        simd.divide(0, 0, 1);
        simd.multiply(0, 0, up, displacement);
        simd.store(gate, displacement, 0);
    }

    /// The largest of each two vectors, NaN where a number is not finite. Arguments: x, target, pairs of vectors.
    Code largestOfBlocks() {
        var frame = CallingConvention.current().enter(a);
        a.mov(rsi, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(rcx, mem(rdi, 16));
        simd.repeatTimes(
                rcx,
                () -> {
                    simd.load(0, rsi, 0);
                    simd.load(1, rsi, Simd.BYTES);
                    // Zero, but NaN where a number is not finite.
                    simd.times(2, 0, 0);
                    simd.plusTimes(2, 1, 0);
                    simd.maximum(0, 0, 1);
                    simd.largestLane(0, 1);
                    simd.sumLanes(2, 1);
                    simd.add(0, 0, 2);
                    simd.storeFirst(rdx, 0, 0);
                    a.add(rsi, 2 * Simd.BYTES);
                    a.add(rdx, 4);
                });
        frame.leave();
        return a.assemble();
    }

    /// `x = x + other`
    Code add() {
        return ofTwo(
                () -> {
                    simd.load(0, rsi, 0);
                    simd.add(0, 0, rdx, 0);
                    simd.store(rsi, 0, 0);
                });
    }

    /// `x = max(x, 0)`
    Code relu() {
        return ofTwo(() -> relu(rsi, 0));
    }

    /// [#relu] of a vector. Overwrites value 0.
    void relu(R64 x, int displacement) {
        simd.load(0, x, displacement);
        simd.atLeast(0, 0, 0);
        simd.store(x, displacement, 0);
    }

    /// An operation on vectors at rsi and rdx that changes the first. Arguments: x, other, vectors of 16.
    private Code ofTwo(Runnable operation) {
        var frame = CallingConvention.current().enter(a);
        a.mov(rsi, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(rcx, mem(rdi, 16));
        simd.repeatTimes(
                rcx,
                () -> {
                    operation.run();
                    a.add(rsi, Simd.BYTES);
                    a.add(rdx, Simd.BYTES);
                });
        frame.leave();
        return a.assemble();
    }

    /// Rotates the heads of rows in place; dimension `i` is paired with `i + headDim / 2`. Arguments: x, cosines, sines, heads, rows, bytes from one row of x to the next;
    /// those of angles lie `headDim` numbers apart.
    Code rotate(int headDim) {
        var frame = CallingConvention.current().enter(a);
        a.mov(r10, mem(rdi));
        a.mov(rdx, mem(rdi, 8));
        a.mov(r8, mem(rdi, 16));
        a.mov(r9, mem(rdi, 32));
        simd.repeatTimes(
                r9,
                () -> {
                    a.mov(rsi, r10);
                    a.mov(rcx, mem(rdi, 24));
                    simd.repeatTimes(rcx, () -> rotateHead(headDim));
                    a.add(r10, mem(rdi, 40));
                    a.add(rdx, 4 * headDim);
                    a.add(r8, 4 * headDim);
                });
        frame.leave();
        return a.assemble();
    }

    private void rotateHead(int headDim) {
        int pairs = headDim / 2;
        int i = 0;
        for (; i + Simd.LANES <= pairs; i += Simd.LANES) {
            rotateVector(4 * i, 4 * (i + pairs));
        }
        for (; i < pairs; i++) {
            rotatePair(4 * i, 4 * (i + pairs));
        }
        a.add(rsi, 4 * headDim);
    }

    private void rotateVector(int first, int second) {
        simd.load(0, rsi, first);
        simd.load(1, rsi, second);
        simd.multiply(2, 0, rdx, first);
        simd.multiply(3, 1, r8, first);
        simd.subtract(2, 2, 3);
        simd.multiply(3, 1, rdx, first);
        simd.multiply(4, 0, r8, first);
        simd.add(3, 3, 4);
        simd.store(rsi, first, 2);
        simd.store(rsi, second, 3);
    }

    private void rotatePair(int first, int second) {
        a.vmovss(xmm(0), mem(rsi, first));
        a.vmovss(xmm(1), mem(rsi, second));
        a.vmulss(xmm(2), xmm(0), mem(rdx, first));
        a.vmulss(xmm(3), xmm(1), mem(r8, first));
        a.vsubss(xmm(2), xmm(2), xmm(3));
        a.vmulss(xmm(3), xmm(1), mem(rdx, first));
        a.vmulss(xmm(4), xmm(0), mem(r8, first));
        a.vaddss(xmm(3), xmm(3), xmm(4));
        a.vmovss(mem(rsi, first), xmm(2));
        a.vmovss(mem(rsi, second), xmm(3));
    }
}
