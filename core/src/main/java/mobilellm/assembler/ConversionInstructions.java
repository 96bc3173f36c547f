package mobilellm.assembler;

import static mobilellm.assembler.Encoding.BYTES;
import static mobilellm.assembler.Encoding.DOUBLE;
import static mobilellm.assembler.Encoding.DWORDS;
import static mobilellm.assembler.Encoding.QWORDS;
import static mobilellm.assembler.Encoding.SINGLE;

/// Conversions between types of elements.
abstract class ConversionInstructions extends ShuffleInstructions {
    // Integers, widened: with their sign, or with zeros.

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovsxbw(V d, Source<H> s) {
        rm("vpmovsxbw", BYTES.half(), 0x660F3820, d, s);
    }

    public final <V extends Vector<V, ?>> void vpmovsxbd(V d, Source<Xmm> s) {
        rm("vpmovsxbd", BYTES.quarter(), 0x660F3821, d, s);
    }

    public final <V extends Vector<V, ?>> void vpmovsxbq(V d, Source<Xmm> s) {
        rm("vpmovsxbq", BYTES.eighth(), 0x660F3822, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovsxwd(V d, Source<H> s) {
        rm("vpmovsxwd", BYTES.half(), 0x660F3823, d, s);
    }

    public final <V extends Vector<V, ?>> void vpmovsxwq(V d, Source<Xmm> s) {
        rm("vpmovsxwq", BYTES.quarter(), 0x660F3824, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovsxdq(V d, Source<H> s) {
        rm("vpmovsxdq", BYTES.half(), 0x660F3825, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovzxbw(V d, Source<H> s) {
        rm("vpmovzxbw", BYTES.half(), 0x660F3830, d, s);
    }

    public final <V extends Vector<V, ?>> void vpmovzxbd(V d, Source<Xmm> s) {
        rm("vpmovzxbd", BYTES.quarter(), 0x660F3831, d, s);
    }

    public final <V extends Vector<V, ?>> void vpmovzxbq(V d, Source<Xmm> s) {
        rm("vpmovzxbq", BYTES.eighth(), 0x660F3832, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovzxwd(V d, Source<H> s) {
        rm("vpmovzxwd", BYTES.half(), 0x660F3833, d, s);
    }

    public final <V extends Vector<V, ?>> void vpmovzxwq(V d, Source<Xmm> s) {
        rm("vpmovzxwq", BYTES.quarter(), 0x660F3834, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovzxdq(V d, Source<H> s) {
        rm("vpmovzxdq", BYTES.half(), 0x660F3835, d, s);
    }

    // Integers, narrowed: the lower bits, or the nearest (s, us).

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovwb(Source<H> d, V s) {
        mr("vpmovwb", BYTES.half().onlyEvex(), 0xF30F3830, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovswb(Source<H> d, V s) {
        mr("vpmovswb", BYTES.half().onlyEvex(), 0xF30F3820, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovuswb(Source<H> d, V s) {
        mr("vpmovuswb", BYTES.half().onlyEvex(), 0xF30F3810, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovdw(Source<H> d, V s) {
        mr("vpmovdw", BYTES.half().onlyEvex(), 0xF30F3833, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovsdw(Source<H> d, V s) {
        mr("vpmovsdw", BYTES.half().onlyEvex(), 0xF30F3823, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vpmovusdw(Source<H> d, V s) {
        mr("vpmovusdw", BYTES.half().onlyEvex(), 0xF30F3813, d, s);
    }

    public final <V extends Vector<V, ?>> void vpmovdb(Source<Xmm> d, V s) {
        mr("vpmovdb", BYTES.quarter().onlyEvex(), 0xF30F3831, d, s);
    }

    public final <V extends Vector<V, ?>> void vpmovsdb(Source<Xmm> d, V s) {
        mr("vpmovsdb", BYTES.quarter().onlyEvex(), 0xF30F3821, d, s);
    }

    public final <V extends Vector<V, ?>> void vpmovusdb(Source<Xmm> d, V s) {
        mr("vpmovusdb", BYTES.quarter().onlyEvex(), 0xF30F3811, d, s);
    }

    // Between f32 and integers: to nearest as MXCSR says, or (tt) towards zero.

    public final <V extends Vector<V, ?>> void vcvtdq2ps(V d, Source<V> s) {
        rm("vcvtdq2ps", DWORDS, 0x0F5B, d, s);
    }

    public final <V extends Vector<V, ?>> void vcvtps2dq(V d, Source<V> s) {
        rm("vcvtps2dq", DWORDS, 0x660F5B, d, s);
    }

    public final <V extends Vector<V, ?>> void vcvttps2dq(V d, Source<V> s) {
        rm("vcvttps2dq", DWORDS, 0xF30F5B, d, s);
    }

    public final <V extends Vector<V, ?>> void vcvtudq2ps(V d, Source<V> s) {
        rm("vcvtudq2ps", DWORDS.onlyEvex(), 0xF20F7A, d, s);
    }

    public final <V extends Vector<V, ?>> void vcvtps2udq(V d, Source<V> s) {
        rm("vcvtps2udq", DWORDS.onlyEvex(), 0x0F79, d, s);
    }

    public final void vcvtsi2ss(Xmm d, Xmm a, R32 b) {
        rvm("vcvtsi2ss", SINGLE.unmasked(), 0xF30F2A, d, a, b);
    }

    public final void vcvtss2si(R32 d, Source<Xmm> s) {
        rm("vcvtss2si", SINGLE, 0xF30F2D, d, s);
    }

    public final void vcvttss2si(R32 d, Source<Xmm> s) {
        rm("vcvttss2si", SINGLE, 0xF30F2C, d, s);
    }

    // Between widths of floats. The immediate 0 of vcvtps2ph rounds to nearest, 4 as MXCSR says.

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vcvtph2ps(V d, Source<H> s) {
        rm("vcvtph2ps", BYTES.half(), 0x660F3813, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vcvtps2ph(
            Source<H> d, V s, int immediate) {
        mri("vcvtps2ph", BYTES.half(), 0x660F3A1D, d, s, immediate);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vcvtps2pd(V d, Source<H> s) {
        rm("vcvtps2pd", DWORDS.half(), 0x0F5A, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vcvtdq2pd(V d, Source<H> s) {
        rm("vcvtdq2pd", DWORDS.half(), 0xF30FE6, d, s);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vcvtpd2ps(H d, V s) {
        rm("vcvtpd2ps", QWORDS, 0x660F5A, d, s);
    }

    public final void vcvtss2sd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vcvtss2sd", SINGLE, 0xF30F5A, d, a, b);
    }

    public final void vcvtsd2ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vcvtsd2ss", DOUBLE, 0xF20F5A, d, a, b);
    }

    public final <V extends Vector<V, H>, H extends Vector<H, ?>> void vcvtneps2bf16(H d, V s) {
        rm("vcvtneps2bf16", DWORDS.onlyEvex(), 0xF30F3872, d, s);
    }
}
