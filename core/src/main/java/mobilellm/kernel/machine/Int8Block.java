package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.Label;
import mobilellm.assembler.R64;

/// Rounds 32 numbers to int8: `round(x * (127 / max|x|))`, ties to even; nothing but tiny numbers become zeros.
final class Int8Block {
    /// Below, 127 / max would overflow.
    private static final float TINY = 1e-30f;

    private final Assembler a;

    Int8Block(Assembler a) {
        this.a = a;
    }

    /// Loads the numbers into `ymm 0..3`.
    void load(R64 source, int displacement) {
        for (int i = 0; i < 4; i++) {
            a.vmovups(ymm(i), mem(source, displacement + 32 * i));
        }
    }

    /// Limits the loaded numbers to a magnitude.
    void bound(float magnitude) {
        int bits = Float.floatToRawIntBits(magnitude);
        int negative = Float.floatToRawIntBits(-magnitude);
        for (int i = 0; i < 4; i++) {
            a.vminps(ymm(i), ymm(i), a.filled(ymm(i), bits));
            a.vmaxps(ymm(i), ymm(i), a.filled(ymm(i), negative));
        }
    }

    /// Makes the loaded numbers the 32 bytes of `ymm 0`, in order, and their scale lane 0 of `xmm 4`. Overwrites `ymm 0..6`.
    void round() {
        Label zero = a.label();
        Label scaled = a.label();
        largest();
        reduce();
        a.vmovss(xmm(6), a.floats(TINY));
        a.vucomiss(xmm(6), xmm(4));
        a.ja(zero);
        a.vmovss(xmm(5), a.floats(127));
        a.vdivss(xmm(5), xmm(5), xmm(4));
        a.vdivss(xmm(4), xmm(4), a.floats(127));
        a.jmp(scaled);
        a.bind(zero);
        a.vxorps(xmm(4), xmm(4), xmm(4));
        a.vxorps(xmm(5), xmm(5), xmm(5));
        a.bind(scaled);
        a.vbroadcastss(ymm(5), xmm(5));
        for (int i = 0; i < 4; i++) {
            a.vmulps(ymm(i), ymm(i), ymm(5));
        }
        pack();
    }

    /// Finds the scale of a row of so many blocks of 32, `max|x| / 127`, for [#roundByRow]: lane 0 of `xmm 4`. All lanes of `ymm 5`
    /// become what its numbers are divided by. Overwrites `ymm 0..6` and the two registers.
    void scaleRow(R64 source, R64 blocks) {
        Label next = a.label();
        Label zero = a.label();
        Label scaled = a.label();
        a.vxorps(ymm(6), ymm(6), ymm(6));
        a.bind(next);
        load(source, 0);
        largest();
        a.vmaxps(ymm(6), ymm(6), ymm(4));
        a.add(source, 128);
        a.dec(blocks);
        a.jnz(next);
        a.vmovaps(ymm(4), ymm(6));
        reduce();
        a.vmovss(xmm(6), a.floats(TINY));
        a.vucomiss(xmm(6), xmm(4));
        a.ja(zero);
        a.vdivss(xmm(4), xmm(4), a.floats(127));
        a.vbroadcastss(ymm(5), xmm(4));
        a.jmp(scaled);
        a.bind(zero);
        a.vxorps(xmm(4), xmm(4), xmm(4));
        a.vbroadcastss(ymm(5), a.floats(Float.POSITIVE_INFINITY));
        a.bind(scaled);
    }

    /// As [#round], but with the scale of [#scaleRow], and `round(x / scale)`.
    void roundByRow() {
        for (int i = 0; i < 4; i++) {
            a.vdivps(ymm(i), ymm(i), ymm(5));
        }
        pack();
    }

    /// The numbers of `ymm 0..3` as 32 bytes in `ymm 0`.
    private void pack() {
        for (int i = 0; i < 4; i++) {
            a.vcvtps2dq(ymm(i), ymm(i));
        }
        a.vpackssdw(ymm(0), ymm(0), ymm(1));
        a.vpackssdw(ymm(2), ymm(2), ymm(3));
        a.vpacksswb(ymm(0), ymm(0), ymm(2));
        // Packing works within halves of 128 bits.
        a.vmovdqu(ymm(1), a.dwords(0, 4, 1, 5, 2, 6, 3, 7));
        a.vpermd(ymm(0), ymm(1), ymm(0));
    }

    /// `ymm 4` becomes the largest magnitudes of the loaded numbers, lane by lane.
    private void largest() {
        for (int i = 0; i < 4; i++) {
            a.vandps(ymm(i == 0 ? 4 : 5), ymm(i), a.filled(ymm(i), 0x7FFFFFFF));
            if (i > 0) {
                a.vmaxps(ymm(4), ymm(4), ymm(5));
            }
        }
    }

    /// Lane 0 of `xmm 4` becomes the largest lane of `ymm 4`.
    private void reduce() {
        a.vextractf128(xmm(5), ymm(4), 1);
        a.vmaxps(xmm(4), xmm(4), xmm(5));
        a.vmovhlps(xmm(5), xmm(4), xmm(4));
        a.vmaxps(xmm(4), xmm(4), xmm(5));
        a.vmovshdup(xmm(5), xmm(4));
        a.vmaxss(xmm(4), xmm(4), xmm(5));
    }
}
