package mobilellm.kernel.machine;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Label;
import mobilellm.assembler.R64;
import mobilellm.assembler.Source;
import mobilellm.assembler.Vector;
import mobilellm.assembler.Xmm;
import mobilellm.tensor.DType;

/// Arithmetic on values of 16 f32 lanes: one register of 512 bits, or two of 256. A generator written against it gives code for every
/// tier, and the same bits on each of them, because a lane goes through the same operations in the same order.
///
/// Values are numbered from 0 to [#values] - 1; one number may be both source and destination. Memory operands are
/// `base + displacement`, 64 bytes for a value.
abstract class Simd {
    /// f32 lanes of a value.
    static final int LANES = 16;

    /// Bytes of a value.
    static final int BYTES = LANES * Float.BYTES;

    final Assembler a;

    Simd(Assembler a) {
        this.a = a;
    }

    static Simd of(CpuTier tier, Assembler a) {
        return switch (tier) {
            case AVX512_VNNI -> new Simd512(a);
            case AVX2, AVX_VNNI -> new Simd256(a);
        };
    }

    /// How many values there is room for.
    abstract int values();

    abstract void zero(int d);

    abstract void copy(int d, int s);

    abstract void load(int d, R64 base, int displacement);

    abstract void store(R64 base, int displacement, int s);

    /// Repeats one f32 of memory.
    abstract void repeat(int d, R64 base, int displacement);

    /// Repeats lane 0 of `s`.
    abstract void repeat(int d, int s);

    abstract void constant(int d, float value);

    /// Stores lane 0.
    abstract void storeFirst(R64 base, int displacement, int s);

    abstract void add(int d, int x, int y);

    abstract void add(int d, int x, R64 base, int displacement);

    abstract void subtract(int d, int x, int y);

    abstract void multiply(int d, int x, int y);

    abstract void multiply(int d, int x, R64 base, int displacement);

    abstract void divide(int d, int x, int y);

    abstract void maximum(int d, int x, int y);

    /// `d = x + constant`
    abstract void plus(int d, int x, float constant);

    /// `d = x * constant`
    abstract void times(int d, int x, float constant);

    /// `d = max(x, constant)`
    abstract void atLeast(int d, int x, float constant);

    /// `d = min(x, constant)`
    abstract void atMost(int d, int x, float constant);

    /// `d += x * y`, rounded once.
    abstract void multiplyAdd(int d, int x, int y);

    /// `d += x * constant`, rounded once.
    abstract void plusTimes(int d, int x, float constant);

    /// `d = d * x + constant`, rounded once.
    abstract void timesPlus(int d, int x, float constant);

    /// `d += x * f32 at [base + displacement]`, rounded once.
    abstract void multiplyAddRepeated(int d, int x, R64 base, int displacement);

    /// To the nearest whole number, ties to even.
    abstract void round(int d, int x);

    /// `d = x * 2^n` for whole numbers `n` of -126 to 127. Overwrites `n`.
    abstract void scaleByPowerOfTwo(int d, int x, int n);

    /// `d = 2^(x - 2^23 - 127 modulo 2^8)`, or zero in place of 2^-127, for whole numbers `x` of 2^23 or more, below 2^24.
    abstract void power(int d, int x);

    /// Makes the lanes of `d` zero in which `x < constant`.
    abstract void zeroWhereBelow(int d, int x, float constant);

    /// Lane 0 of `d` becomes the sum of all lanes of `d`: lanes i and i + 8 first, then i + 4, i + 2, i + 1. Overwrites `scratch`.
    final void sumLanes(int d, int scratch) {
        fold(d, scratch, a::vaddps);
    }

    /// Lane 0 of `d` becomes the largest of all lanes of `d`. Overwrites `scratch`.
    final void largestLane(int d, int scratch) {
        fold(d, scratch, a::vmaxps);
    }

    /// An operation on the lanes of two registers of any width.
    interface Lanewise {
        <V extends Vector<V, ?>> void of(V d, V x, Source<V> y);
    }

    /// Lane 0 of `d` becomes what `operation` makes of all lanes of `d`.
    abstract void fold(int d, int scratch, Lanewise operation);

    /// The last steps of [#fold]: the lanes of 128 bits.
    final void fold(Xmm d, Xmm scratch, Lanewise operation) {
        a.vmovhlps(scratch, d, d);
        operation.of(d, d, scratch);
        a.vmovshdup(scratch, d);
        operation.of(d, d, scratch);
    }

    /// 16 numbers of a plain type as f32.
    abstract void widen(int d, DType type, R64 base, int displacement);

    /// Runs `body` with `counter` counting down to 1; not at all from 0.
    void repeatTimes(R64 counter, Runnable body) {
        Label loop = a.label();
        Label end = a.label();
        a.test(counter, counter);
        a.jz(end);
        a.bind(loop);
        body.run();
        a.dec(counter);
        a.jnz(loop);
        a.bind(end);
    }
}
