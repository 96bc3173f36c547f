package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

import java.lang.foreign.MemorySegment;

/// `e^x` in f32: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial of degree 6 for `e^r` and an exponent of `n`
/// (Cephes' scheme). Within 2 ulp between -87 and 88; the same bits on every machine, which
/// the JDK's own vector functions do not promise.
final class Exponential {
    /// Below, the result is 0; it would be smaller than the smallest normal f32.
    private static final float LEAST = -87;

    private static final float MOST = 88;
    private static final float LOG2_E = 1.442695f;
    private static final float LN2_HIGH = 0.6933594f;
    private static final float LN2_LOW = -2.1219444e-4f;
    private static final float ROUND = 0x1.8p23f;

    private static final float C6 = 1.9875693e-4f;
    private static final float C5 = 1.3981999e-3f;
    private static final float C4 = 8.333452e-3f;
    private static final float C3 = 4.1665796e-2f;
    private static final float C2 = 0.16666666f;
    private static final float C1 = 0.5f;

    /// `n` plus this, read as bits, ends in `n + 127`: the exponent of `2^n`, wanting only its shift.
    private static final float POWER_BASE = 0x1.8p23f + 127;

    private static final long STRIDE = Lanes.COUNT * (long) Float.BYTES;

    private Exponential() {}

    /// `target = e^(scale * x - shift)` for `count` numbers, a multiple of the vector's lanes. 0 below -87 (negative
    /// infinity too), as at 88 above that.
    ///
    /// Works on memory: a method that returned a vector would box it wherever C2 did not inline it.
    static void of(
            MemorySegment x,
            long at,
            float scale,
            float shift,
            MemorySegment target,
            long targetAt,
            int count,
            int step) {
        for (int i = 0; i < count; i += Lanes.COUNT * step) {
            FloatVector exponent =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, x, at, Lanes.ORDER)
                            .mul(scale)
                            .sub(shift);
            FloatVector bounded = exponent.min(MOST).max(LEAST);
            FloatVector n = bounded.mul(LOG2_E).add(ROUND).sub(ROUND);
            FloatVector r = n.mul(-LN2_HIGH).add(bounded).add(n.mul(-LN2_LOW));
            FloatVector p =
                    r.mul(C6).add(C5).mul(r).add(C4).mul(r).add(C3).mul(r).add(C2).mul(r).add(C1);
            IntVector power =
                    n.add(POWER_BASE).reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            p.mul(r.mul(r))
                    .add(r)
                    .add(1)
                    .mul(power.reinterpretAsFloats())
                    .blend(0, exponent.lt(LEAST))
                    .intoMemorySegment(target, targetAt, Lanes.ORDER);
            at += STRIDE;
            targetAt += STRIDE;
        }
    }
}
