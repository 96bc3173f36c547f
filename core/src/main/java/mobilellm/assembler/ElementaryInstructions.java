package mobilellm.assembler;

import static mobilellm.assembler.Encoding.BYTES;
import static mobilellm.assembler.Encoding.DWORDS;
import static mobilellm.assembler.Encoding.SINGLE;

/// Approximations, rounding, bits and comparisons of floats.
abstract class ElementaryInstructions extends FloatInstructions {
    // Approximations with a relative error of 1.5 * 2^-12 (AVX) or 2^-14 (AVX-512).

    public final <V extends Vector<V, ?> & Narrow> void vrsqrtps(V d, Source<V> s) {
        rm("vrsqrtps", BYTES.onlyVex(), 0x0F52, d, s);
    }

    public final <V extends Vector<V, ?> & Narrow> void vrcpps(V d, Source<V> s) {
        rm("vrcpps", BYTES.onlyVex(), 0x0F53, d, s);
    }

    public final void vrsqrtss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vrsqrtss", SINGLE.onlyVex(), 0xF30F52, d, a, b);
    }

    public final void vrcpss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vrcpss", SINGLE.onlyVex(), 0xF30F53, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vrsqrt14ps(V d, Source<V> s) {
        rm("vrsqrt14ps", DWORDS.onlyEvex(), 0x660F384E, d, s);
    }

    public final <V extends Vector<V, ?>> void vrcp14ps(V d, Source<V> s) {
        rm("vrcp14ps", DWORDS.onlyEvex(), 0x660F384C, d, s);
    }

    // Rounding (immediate: 8 to nearest, 9 down, 10 up, 11 towards zero; under AVX-512 with the
    // number of binary places in its upper half), exponent and mantissa.

    public final <V extends Vector<V, ?> & Narrow> void vroundps(V d, Source<V> s, int immediate) {
        rmi("vroundps", BYTES.onlyVex(), 0x660F3A08, d, s, immediate);
    }

    public final void vroundss(Xmm d, Xmm a, Source<Xmm> b, int immediate) {
        rvmi("vroundss", SINGLE.onlyVex(), 0x660F3A0A, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vrndscaleps(V d, Source<V> s, int immediate) {
        rmi("vrndscaleps", DWORDS.onlyEvex(), 0x660F3A08, d, s, immediate);
    }

    public final void vrndscaless(Xmm d, Xmm a, Source<Xmm> b, int immediate) {
        rvmi("vrndscaless", SINGLE.onlyEvex(), 0x660F3A0A, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vreduceps(V d, Source<V> s, int immediate) {
        rmi("vreduceps", DWORDS.onlyEvex(), 0x660F3A56, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vscalefps(V d, V a, Source<V> b) {
        rvm("vscalefps", DWORDS.onlyEvex(), 0x660F382C, d, a, b);
    }

    public final void vscalefss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vscalefss", SINGLE.onlyEvex(), 0x660F382D, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vgetexpps(V d, Source<V> s) {
        rm("vgetexpps", DWORDS.onlyEvex(), 0x660F3842, d, s);
    }

    public final <V extends Vector<V, ?>> void vgetmantps(V d, Source<V> s, int immediate) {
        rmi("vgetmantps", DWORDS.onlyEvex(), 0x660F3A26, d, s, immediate);
    }

    // Bits; beyond 256 bits these belong to AVX-512 DQ.

    public final <V extends Vector<V, ?>> void vandps(V d, V a, Source<V> b) {
        rvm("vandps", DWORDS, 0x0F54, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vandnps(V d, V a, Source<V> b) {
        rvm("vandnps", DWORDS, 0x0F55, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vorps(V d, V a, Source<V> b) {
        rvm("vorps", DWORDS, 0x0F56, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vxorps(V d, V a, Source<V> b) {
        rvm("vxorps", DWORDS, 0x0F57, d, a, b);
    }

    // Comparisons: immediate 0 ==, 1 <, 2 <=, 4 !=, 13 >=, 14 >; into a vector of all ones and
    // zeros, a mask, or the flags.

    public final <V extends Vector<V, ?> & Narrow> void vcmpps(
            V d, V a, Source<V> b, int immediate) {
        rvmi("vcmpps", BYTES.onlyVex(), 0x0FC2, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vcmpps(Mask d, V a, Source<V> b, int immediate) {
        rvmi("vcmpps", DWORDS.onlyEvex(), 0x0FC2, d, a, b, immediate);
    }

    public final void vcomiss(Xmm d, Source<Xmm> s) {
        rm("vcomiss", SINGLE.unmasked(), 0x0F2F, d, s);
    }

    public final void vucomiss(Xmm d, Source<Xmm> s) {
        rm("vucomiss", SINGLE.unmasked(), 0x0F2E, d, s);
    }
}
