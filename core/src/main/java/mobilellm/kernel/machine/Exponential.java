package mobilellm.kernel.machine;

/// `e^x` in f32: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial of degree 6 for `e^r` (Cephes' coefficients) and the exponent `n`.
/// Within 1 ulp between -87 and 88; 0 below -87 (it would hardly be a normal number), as at 88 above that.
final class Exponential {
    private static final float LEAST = -87;
    private static final float MOST = 88;
    private static final float LOG2_E = 1.442695f;
    private static final float LN2_HIGH = 0.6933594f;
    private static final float LN2_LOW = -2.1219444e-4f;
    private static final float[] COEFFICIENTS = {
        1.9875693e-4f, 1.3981999e-3f, 8.333452e-3f, 4.1665796e-2f, 0.16666666f, 0.5f, 1, 1
    };

    /// Added, it makes a whole number of what is between -127 and 0, with 127 more in the lowest bits.
    private static final float ROUNDING = 0x1.8p23f + 127;

    /// Of `2^r` for |r| <= 1/2, with a largest relative error of 2e-7.
    private static final float[] POWER_COEFFICIENTS = {
        1.3276471e-3f, 9.675541e-3f, 5.550713e-2f, 0.2402212f, 0.69314694f, 1
    };

    private Exponential() {}

    /// `d = 2^x` for x of 0 or a little more and less, 0 below -126.5; overwrites x and two more values.
    static void writePowerOfTwo(Simd simd, int x, int d, int n, int p) {
        simd.atLeast(x, x, -127);
        simd.plus(n, x, ROUNDING);
        simd.plus(p, n, -ROUNDING);
        simd.subtract(x, x, p);
        simd.constant(p, POWER_COEFFICIENTS[0]);
        for (int i = 1; i < POWER_COEFFICIENTS.length; i++) {
            simd.timesPlus(p, x, POWER_COEFFICIENTS[i]);
        }
        simd.power(n, n);
        simd.multiply(d, p, n);
    }

    /// `d = e^d`; overwrites three more values.
    static void write(Simd simd, int d, int r, int n, int p) {
        simd.atLeast(r, d, LEAST);
        simd.atMost(r, r, MOST);
        simd.times(n, r, LOG2_E);
        simd.round(n, n);
        simd.plusTimes(r, n, -LN2_HIGH);
        simd.plusTimes(r, n, -LN2_LOW);
        simd.times(p, r, COEFFICIENTS[0]);
        simd.plus(p, p, COEFFICIENTS[1]);
        for (int i = 2; i < COEFFICIENTS.length; i++) {
            simd.timesPlus(p, r, COEFFICIENTS[i]);
        }
        simd.scaleByPowerOfTwo(p, p, n);
        simd.zeroWhereBelow(p, d, LEAST);
        simd.copy(d, p);
    }
}
