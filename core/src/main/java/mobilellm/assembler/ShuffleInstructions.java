package mobilellm.assembler;

import static mobilellm.assembler.Encoding.BYTES;
import static mobilellm.assembler.Encoding.DWORDS;
import static mobilellm.assembler.Encoding.QWORDS;
import static mobilellm.assembler.Encoding.WIDE_QWORDS;

/// Rearrangement of the elements of vectors, integers and floats alike.
abstract class ShuffleInstructions extends IntegerInstructions {
    // Within lanes of 128 bits.

    public final <V extends Vector<V, ?>> void vpshufb(V d, V a, Source<V> b) {
        rvm("vpshufb", BYTES, 0x660F3800, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpshufd(V d, Source<V> s, int immediate) {
        rmi("vpshufd", DWORDS, 0x660F70, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpshuflw(V d, Source<V> s, int immediate) {
        rmi("vpshuflw", BYTES, 0xF20F70, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpshufhw(V d, Source<V> s, int immediate) {
        rmi("vpshufhw", BYTES, 0xF30F70, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpalignr(V d, V a, Source<V> b, int immediate) {
        rvmi("vpalignr", BYTES, 0x660F3A0F, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vpunpcklbw(V d, V a, Source<V> b) {
        rvm("vpunpcklbw", BYTES, 0x660F60, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpunpcklwd(V d, V a, Source<V> b) {
        rvm("vpunpcklwd", BYTES, 0x660F61, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpunpckldq(V d, V a, Source<V> b) {
        rvm("vpunpckldq", DWORDS, 0x660F62, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpunpcklqdq(V d, V a, Source<V> b) {
        rvm("vpunpcklqdq", QWORDS, 0x660F6C, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpunpckhbw(V d, V a, Source<V> b) {
        rvm("vpunpckhbw", BYTES, 0x660F68, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpunpckhwd(V d, V a, Source<V> b) {
        rvm("vpunpckhwd", BYTES, 0x660F69, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpunpckhdq(V d, V a, Source<V> b) {
        rvm("vpunpckhdq", DWORDS, 0x660F6A, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpunpckhqdq(V d, V a, Source<V> b) {
        rvm("vpunpckhqdq", QWORDS, 0x660F6D, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpacksswb(V d, V a, Source<V> b) {
        rvm("vpacksswb", BYTES, 0x660F63, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpackuswb(V d, V a, Source<V> b) {
        rvm("vpackuswb", BYTES, 0x660F67, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpackssdw(V d, V a, Source<V> b) {
        rvm("vpackssdw", DWORDS, 0x660F6B, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpackusdw(V d, V a, Source<V> b) {
        rvm("vpackusdw", DWORDS, 0x660F382B, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vshufps(V d, V a, Source<V> b, int immediate) {
        rvmi("vshufps", DWORDS, 0x0FC6, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vpermilps(V d, Source<V> s, int immediate) {
        rmi("vpermilps", DWORDS, 0x660F3A04, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vunpcklps(V d, V a, Source<V> b) {
        rvm("vunpcklps", DWORDS, 0x0F14, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vunpckhps(V d, V a, Source<V> b) {
        rvm("vunpckhps", DWORDS, 0x0F15, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vunpcklpd(V d, V a, Source<V> b) {
        rvm("vunpcklpd", QWORDS, 0x660F14, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vunpckhpd(V d, V a, Source<V> b) {
        rvm("vunpckhpd", QWORDS, 0x660F15, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vmovshdup(V d, Source<V> s) {
        rm("vmovshdup", BYTES, 0xF30F16, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovsldup(V d, Source<V> s) {
        rm("vmovsldup", BYTES, 0xF30F12, d, s);
    }

    // Across lanes.

    public final <V extends Vector<V, ?> & Wide> void vpermd(V d, V a, Source<V> b) {
        rvm("vpermd", DWORDS, 0x660F3836, d, a, b);
    }

    public final <V extends Vector<V, ?> & Wide> void vpermps(V d, V a, Source<V> b) {
        rvm("vpermps", DWORDS, 0x660F3816, d, a, b);
    }

    public final <V extends Vector<V, ?> & Wide> void vpermq(V d, Source<V> s, int immediate) {
        rmi("vpermq", WIDE_QWORDS, 0x660F3A00, d, s, immediate);
    }

    public final <V extends Vector<V, ?> & Wide> void vpermpd(V d, Source<V> s, int immediate) {
        rmi("vpermpd", WIDE_QWORDS, 0x660F3A01, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpermb(V d, V a, Source<V> b) {
        rvm("vpermb", BYTES.onlyEvex(), 0x660F388D, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpermw(V d, V a, Source<V> b) {
        rvm("vpermw", BYTES.w1().onlyEvex(), 0x660F388D, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpermi2d(V d, V a, Source<V> b) {
        rvm("vpermi2d", DWORDS.onlyEvex(), 0x660F3876, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpermt2d(V d, V a, Source<V> b) {
        rvm("vpermt2d", DWORDS.onlyEvex(), 0x660F387E, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpermi2ps(V d, V a, Source<V> b) {
        rvm("vpermi2ps", DWORDS.onlyEvex(), 0x660F3877, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpermt2ps(V d, V a, Source<V> b) {
        rvm("vpermt2ps", DWORDS.onlyEvex(), 0x660F387F, d, a, b);
    }

    public final <V extends Vector<V, ?>> void valignd(V d, V a, Source<V> b, int immediate) {
        rvmi("valignd", DWORDS.onlyEvex(), 0x660F3A03, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?> & Wide> void vshufi32x4(
            V d, V a, Source<V> b, int immediate) {
        rvmi("vshufi32x4", DWORDS.onlyEvex(), 0x660F3A43, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?> & Wide> void vshuff32x4(
            V d, V a, Source<V> b, int immediate) {
        rvmi("vshuff32x4", DWORDS.onlyEvex(), 0x660F3A23, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vpmultishiftqb(V d, V a, Source<V> b) {
        rvm("vpmultishiftqb", QWORDS.onlyEvex(), 0x660F3883, d, a, b);
    }

    public final void vperm2i128(Ymm d, Ymm a, Source<Ymm> b, int immediate) {
        rvmi("vperm2i128", BYTES.onlyVex(), 0x660F3A46, d, a, b, immediate);
    }

    public final void vperm2f128(Ymm d, Ymm a, Source<Ymm> b, int immediate) {
        rvmi("vperm2f128", BYTES.onlyVex(), 0x660F3A06, d, a, b, immediate);
    }

    // Parts of a vector.

    public final void vinserti128(Ymm d, Ymm a, Source<Xmm> b, int immediate) {
        rvmi("vinserti128", BYTES.memory(16).onlyVex(), 0x660F3A38, d, a, b, immediate);
    }

    public final void vextracti128(Source<Xmm> d, Ymm s, int immediate) {
        mri("vextracti128", BYTES.memory(16).onlyVex(), 0x660F3A39, d, s, immediate);
    }

    public final <V extends Vector<V, ?> & Wide> void vinserti32x4(
            V d, V a, Source<Xmm> b, int immediate) {
        rvmi("vinserti32x4", BYTES.memory(16).onlyEvex(), 0x660F3A38, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?> & Wide> void vextracti32x4(
            Source<Xmm> d, V s, int immediate) {
        mri("vextracti32x4", BYTES.memory(16).onlyEvex(), 0x660F3A39, d, s, immediate);
    }

    public final void vinsertf128(Ymm d, Ymm a, Source<Xmm> b, int immediate) {
        rvmi("vinsertf128", BYTES.memory(16).onlyVex(), 0x660F3A18, d, a, b, immediate);
    }

    public final void vextractf128(Source<Xmm> d, Ymm s, int immediate) {
        mri("vextractf128", BYTES.memory(16).onlyVex(), 0x660F3A19, d, s, immediate);
    }

    public final <V extends Vector<V, ?> & Wide> void vinsertf32x4(
            V d, V a, Source<Xmm> b, int immediate) {
        rvmi("vinsertf32x4", BYTES.memory(16).onlyEvex(), 0x660F3A18, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?> & Wide> void vextractf32x4(
            Source<Xmm> d, V s, int immediate) {
        mri("vextractf32x4", BYTES.memory(16).onlyEvex(), 0x660F3A19, d, s, immediate);
    }

    public final void vinserti64x4(Zmm d, Zmm a, Source<Ymm> b, int immediate) {
        rvmi("vinserti64x4", BYTES.memory(32).w1().onlyEvex(), 0x660F3A3A, d, a, b, immediate);
    }

    public final void vextracti64x4(Source<Ymm> d, Zmm s, int immediate) {
        mri("vextracti64x4", BYTES.memory(32).w1().onlyEvex(), 0x660F3A3B, d, s, immediate);
    }

    public final void vinsertf64x4(Zmm d, Zmm a, Source<Ymm> b, int immediate) {
        rvmi("vinsertf64x4", BYTES.memory(32).w1().onlyEvex(), 0x660F3A1A, d, a, b, immediate);
    }

    public final void vextractf64x4(Source<Ymm> d, Zmm s, int immediate) {
        mri("vextractf64x4", BYTES.memory(32).w1().onlyEvex(), 0x660F3A1B, d, s, immediate);
    }

    // Choice by element: by immediate, by the upper bits of c, by mask.

    public final <V extends Vector<V, ?> & Narrow> void vpblendd(
            V d, V a, Source<V> b, int immediate) {
        rvmi("vpblendd", BYTES.onlyVex(), 0x660F3A02, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpblendw(
            V d, V a, Source<V> b, int immediate) {
        rvmi("vpblendw", BYTES.onlyVex(), 0x660F3A0E, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?> & Narrow> void vblendps(
            V d, V a, Source<V> b, int immediate) {
        rvmi("vblendps", BYTES.onlyVex(), 0x660F3A0C, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?> & Narrow> void vblendvps(V d, V a, Source<V> b, V c) {
        rvmr("vblendvps", BYTES.onlyVex(), 0x660F3A4A, d, a, b, c);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpblendvb(V d, V a, Source<V> b, V c) {
        rvmr("vpblendvb", BYTES.onlyVex(), 0x660F3A4C, d, a, b, c);
    }

    public final <V extends Vector<V, ?>> void vblendmps(V d, V a, Source<V> b) {
        rvm("vblendmps", DWORDS.onlyEvex(), 0x660F3865, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpblendmd(V d, V a, Source<V> b) {
        rvm("vpblendmd", DWORDS.onlyEvex(), 0x660F3864, d, a, b);
    }

    // The upper bit of each element, into a general register.

    public final <V extends Vector<V, ?> & Narrow> void vmovmskps(R32 d, V s) {
        rm("vmovmskps", BYTES.onlyVex(), 0x0F50, d, s);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpmovmskb(R32 d, V s) {
        rm("vpmovmskb", BYTES.onlyVex(), 0x660FD7, d, s);
    }
}
