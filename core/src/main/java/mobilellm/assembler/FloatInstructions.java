package mobilellm.assembler;

import static mobilellm.assembler.Encoding.BYTES;
import static mobilellm.assembler.Encoding.DOUBLE;
import static mobilellm.assembler.Encoding.DWORDS;
import static mobilellm.assembler.Encoding.QWORDS;
import static mobilellm.assembler.Encoding.SINGLE;
import static mobilellm.assembler.Encoding.WIDE_DOUBLE;
import static mobilellm.assembler.Encoding.WIDE_QWORDS;

/// Arithmetic on floats: ps many f32, ss one f32, pd many f64, sd one f64.
abstract class FloatInstructions extends ConversionInstructions {
    // Arithmetic.

    public final <V extends Vector<V, ?>> void vaddps(V d, V a, Source<V> b) {
        rvm("vaddps", DWORDS, 0x0F58, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vaddpd(V d, V a, Source<V> b) {
        rvm("vaddpd", QWORDS, 0x660F58, d, a, b);
    }

    public final void vaddss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vaddss", SINGLE, 0xF30F58, d, a, b);
    }

    public final void vaddsd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vaddsd", DOUBLE, 0xF20F58, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vsubps(V d, V a, Source<V> b) {
        rvm("vsubps", DWORDS, 0x0F5C, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vsubpd(V d, V a, Source<V> b) {
        rvm("vsubpd", QWORDS, 0x660F5C, d, a, b);
    }

    public final void vsubss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vsubss", SINGLE, 0xF30F5C, d, a, b);
    }

    public final void vsubsd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vsubsd", DOUBLE, 0xF20F5C, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vmulps(V d, V a, Source<V> b) {
        rvm("vmulps", DWORDS, 0x0F59, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vmulpd(V d, V a, Source<V> b) {
        rvm("vmulpd", QWORDS, 0x660F59, d, a, b);
    }

    public final void vmulss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vmulss", SINGLE, 0xF30F59, d, a, b);
    }

    public final void vmulsd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vmulsd", DOUBLE, 0xF20F59, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vdivps(V d, V a, Source<V> b) {
        rvm("vdivps", DWORDS, 0x0F5E, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vdivpd(V d, V a, Source<V> b) {
        rvm("vdivpd", QWORDS, 0x660F5E, d, a, b);
    }

    public final void vdivss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vdivss", SINGLE, 0xF30F5E, d, a, b);
    }

    public final void vdivsd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vdivsd", DOUBLE, 0xF20F5E, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vminps(V d, V a, Source<V> b) {
        rvm("vminps", DWORDS, 0x0F5D, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vminpd(V d, V a, Source<V> b) {
        rvm("vminpd", QWORDS, 0x660F5D, d, a, b);
    }

    public final void vminss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vminss", SINGLE, 0xF30F5D, d, a, b);
    }

    public final void vminsd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vminsd", DOUBLE, 0xF20F5D, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vmaxps(V d, V a, Source<V> b) {
        rvm("vmaxps", DWORDS, 0x0F5F, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vmaxpd(V d, V a, Source<V> b) {
        rvm("vmaxpd", QWORDS, 0x660F5F, d, a, b);
    }

    public final void vmaxss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vmaxss", SINGLE, 0xF30F5F, d, a, b);
    }

    public final void vmaxsd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vmaxsd", DOUBLE, 0xF20F5F, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vsqrtps(V d, Source<V> s) {
        rm("vsqrtps", DWORDS, 0x0F51, d, s);
    }

    public final <V extends Vector<V, ?>> void vsqrtpd(V d, Source<V> s) {
        rm("vsqrtpd", QWORDS, 0x660F51, d, s);
    }

    public final void vsqrtss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vsqrtss", SINGLE, 0xF30F51, d, a, b);
    }

    public final void vsqrtsd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vsqrtsd", DOUBLE, 0xF20F51, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vhaddps(V d, V a, Source<V> b) {
        rvm("vhaddps", BYTES.onlyVex(), 0xF20F7C, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vdpbf16ps(V d, V a, Source<V> b) {
        rvm("vdpbf16ps", DWORDS.onlyEvex(), 0xF30F3852, d, a, b);
    }

    // d = +-(x * y) +- z; the digits name the operands that are multiplied, then the one that is
    // added: 132 is d * b + a, 213 is a * d + b, 231 is a * b + d.

    public final <V extends Vector<V, ?>> void vfmadd132ps(V d, V a, Source<V> b) {
        rvm("vfmadd132ps", DWORDS, 0x660F3898, d, a, b);
    }

    public final void vfmadd132ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfmadd132ss", SINGLE, 0x660F3899, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfmadd132pd(V d, V a, Source<V> b) {
        rvm("vfmadd132pd", WIDE_QWORDS, 0x660F3898, d, a, b);
    }

    public final void vfmadd132sd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfmadd132sd", WIDE_DOUBLE, 0x660F3899, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfmadd213ps(V d, V a, Source<V> b) {
        rvm("vfmadd213ps", DWORDS, 0x660F38A8, d, a, b);
    }

    public final void vfmadd213ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfmadd213ss", SINGLE, 0x660F38A9, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfmadd213pd(V d, V a, Source<V> b) {
        rvm("vfmadd213pd", WIDE_QWORDS, 0x660F38A8, d, a, b);
    }

    public final void vfmadd213sd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfmadd213sd", WIDE_DOUBLE, 0x660F38A9, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfmadd231ps(V d, V a, Source<V> b) {
        rvm("vfmadd231ps", DWORDS, 0x660F38B8, d, a, b);
    }

    public final void vfmadd231ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfmadd231ss", SINGLE, 0x660F38B9, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfmadd231pd(V d, V a, Source<V> b) {
        rvm("vfmadd231pd", WIDE_QWORDS, 0x660F38B8, d, a, b);
    }

    public final void vfmadd231sd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfmadd231sd", WIDE_DOUBLE, 0x660F38B9, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfmsub132ps(V d, V a, Source<V> b) {
        rvm("vfmsub132ps", DWORDS, 0x660F389A, d, a, b);
    }

    public final void vfmsub132ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfmsub132ss", SINGLE, 0x660F389B, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfmsub213ps(V d, V a, Source<V> b) {
        rvm("vfmsub213ps", DWORDS, 0x660F38AA, d, a, b);
    }

    public final void vfmsub213ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfmsub213ss", SINGLE, 0x660F38AB, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfmsub231ps(V d, V a, Source<V> b) {
        rvm("vfmsub231ps", DWORDS, 0x660F38BA, d, a, b);
    }

    public final void vfmsub231ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfmsub231ss", SINGLE, 0x660F38BB, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfnmadd132ps(V d, V a, Source<V> b) {
        rvm("vfnmadd132ps", DWORDS, 0x660F389C, d, a, b);
    }

    public final void vfnmadd132ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfnmadd132ss", SINGLE, 0x660F389D, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfnmadd132pd(V d, V a, Source<V> b) {
        rvm("vfnmadd132pd", WIDE_QWORDS, 0x660F389C, d, a, b);
    }

    public final void vfnmadd132sd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfnmadd132sd", WIDE_DOUBLE, 0x660F389D, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfnmadd213ps(V d, V a, Source<V> b) {
        rvm("vfnmadd213ps", DWORDS, 0x660F38AC, d, a, b);
    }

    public final void vfnmadd213ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfnmadd213ss", SINGLE, 0x660F38AD, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfnmadd213pd(V d, V a, Source<V> b) {
        rvm("vfnmadd213pd", WIDE_QWORDS, 0x660F38AC, d, a, b);
    }

    public final void vfnmadd213sd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfnmadd213sd", WIDE_DOUBLE, 0x660F38AD, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfnmadd231ps(V d, V a, Source<V> b) {
        rvm("vfnmadd231ps", DWORDS, 0x660F38BC, d, a, b);
    }

    public final void vfnmadd231ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfnmadd231ss", SINGLE, 0x660F38BD, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfnmadd231pd(V d, V a, Source<V> b) {
        rvm("vfnmadd231pd", WIDE_QWORDS, 0x660F38BC, d, a, b);
    }

    public final void vfnmadd231sd(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfnmadd231sd", WIDE_DOUBLE, 0x660F38BD, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfnmsub132ps(V d, V a, Source<V> b) {
        rvm("vfnmsub132ps", DWORDS, 0x660F389E, d, a, b);
    }

    public final void vfnmsub132ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfnmsub132ss", SINGLE, 0x660F389F, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfnmsub213ps(V d, V a, Source<V> b) {
        rvm("vfnmsub213ps", DWORDS, 0x660F38AE, d, a, b);
    }

    public final void vfnmsub213ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfnmsub213ss", SINGLE, 0x660F38AF, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vfnmsub231ps(V d, V a, Source<V> b) {
        rvm("vfnmsub231ps", DWORDS, 0x660F38BE, d, a, b);
    }

    public final void vfnmsub231ss(Xmm d, Xmm a, Source<Xmm> b) {
        rvm("vfnmsub231ss", SINGLE, 0x660F38BF, d, a, b);
    }
}
