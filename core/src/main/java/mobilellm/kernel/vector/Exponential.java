package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// `e^x` in f32: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial of degree 6 for `e^r` and an exponent of `n`
/// (Cephes' scheme with fused multiply-adds). Within 2 ulp between -87 and 88; the same bits on every machine, which
/// the JDK's own vector functions do not promise.
final class Exponential {
    /// Below, the result is 0; it would be smaller than the smallest normal f32.
    private static final float LEAST = -87;

    private static final float MOST = 88;
    private static final float LOG2_E = 1.442695f;
    private static final float LN2_HIGH = 6.933594e-1f;
    private static final float LN2_LOW = -2.1219444e-4f;
    private static final float ROUND = 0x1.8p23f;

    private Exponential() {}

    /// NaN for NaN; 0 below -87 (negative infinity too); as at 88 above that.
    static FloatVector of(FloatVector x) {
        FloatVector bounded = x.min(MOST).max(LEAST);
        FloatVector n = bounded.mul(LOG2_E).add(ROUND).sub(ROUND);
        FloatVector r = n.fma(broadcast(-LN2_HIGH), bounded);
        r = n.fma(broadcast(-LN2_LOW), r);
        FloatVector p = r.fma(broadcast(1.9875691e-4f), broadcast(1.3981999e-3f));
        p = p.fma(r, broadcast(8.333452e-3f));
        p = p.fma(r, broadcast(4.1665796e-2f));
        p = p.fma(r, broadcast(1.6666666e-1f));
        p = p.fma(r, broadcast(5.e-1f));
        p = p.fma(r.mul(r), r).add(1);
        IntVector power = ((IntVector) n.convert(VectorOperators.F2I, 0)).add(127).lanewise(VectorOperators.LSHL, 23);
        FloatVector result = p.mul(power.reinterpretAsFloats());
        return result.blend(0, x.lt(LEAST));
    }

    private static FloatVector broadcast(float value) {
        return FloatVector.broadcast(Lanes.FLOATS, value);
    }
}
