package mobilellm.assembler;

import static mobilellm.assembler.Encoding.BYTES;
import static mobilellm.assembler.Encoding.DOUBLE;
import static mobilellm.assembler.Encoding.DWORDS;
import static mobilellm.assembler.Encoding.SINGLE;
import static mobilellm.assembler.Encoding.WIDE_DOUBLE;

/// Moves between vector registers, memory and general registers; broadcasts.
///
/// Here and in the other groups methods are named and their operands ordered as in Intel's manual (destination first), and one
/// line is one encoding: name, family, opcode, operands. VEX forms are taken where they can express the operands. Stores take their mask
/// at the memory operand.
abstract class MoveInstructions extends GeneralInstructions {
    public final <V extends Vector<V, ?> & Narrow> void vmovdqu(V d, Source<V> s) {
        rm("vmovdqu", BYTES.onlyVex(), 0xF30F6F, d, s);
    }

    public final <V extends Vector<V, ?> & Narrow> void vmovdqu(Memory<V> d, V s) {
        mr("vmovdqu", BYTES.onlyVex(), 0xF30F7F, d, s);
    }

    public final <V extends Vector<V, ?> & Narrow> void vmovdqa(V d, Source<V> s) {
        rm("vmovdqa", BYTES.onlyVex(), 0x660F6F, d, s);
    }

    public final <V extends Vector<V, ?> & Narrow> void vmovdqa(Memory<V> d, V s) {
        mr("vmovdqa", BYTES.onlyVex(), 0x660F7F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqu8(V d, Source<V> s) {
        rm("vmovdqu8", BYTES.onlyEvex(), 0xF20F6F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqu8(Memory<V> d, V s) {
        mr("vmovdqu8", BYTES.onlyEvex(), 0xF20F7F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqu16(V d, Source<V> s) {
        rm("vmovdqu16", BYTES.w1().onlyEvex(), 0xF20F6F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqu16(Memory<V> d, V s) {
        mr("vmovdqu16", BYTES.w1().onlyEvex(), 0xF20F7F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqu32(V d, Source<V> s) {
        rm("vmovdqu32", BYTES.onlyEvex(), 0xF30F6F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqu32(Memory<V> d, V s) {
        mr("vmovdqu32", BYTES.onlyEvex(), 0xF30F7F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqu64(V d, Source<V> s) {
        rm("vmovdqu64", BYTES.w1().onlyEvex(), 0xF30F6F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqu64(Memory<V> d, V s) {
        mr("vmovdqu64", BYTES.w1().onlyEvex(), 0xF30F7F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqa32(V d, Source<V> s) {
        rm("vmovdqa32", BYTES.onlyEvex(), 0x660F6F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqa32(Memory<V> d, V s) {
        mr("vmovdqa32", BYTES.onlyEvex(), 0x660F7F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqa64(V d, Source<V> s) {
        rm("vmovdqa64", BYTES.w1().onlyEvex(), 0x660F6F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovdqa64(Memory<V> d, V s) {
        mr("vmovdqa64", BYTES.w1().onlyEvex(), 0x660F7F, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovups(V d, Source<V> s) {
        rm("vmovups", BYTES, 0x0F10, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovups(Memory<V> d, V s) {
        mr("vmovups", BYTES, 0x0F11, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovaps(V d, Source<V> s) {
        rm("vmovaps", BYTES, 0x0F28, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovaps(Memory<V> d, V s) {
        mr("vmovaps", BYTES, 0x0F29, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovntps(Memory<V> d, V s) {
        mr("vmovntps", BYTES.unmasked(), 0x0F2B, d, s);
    }

    public final <V extends Vector<V, ?>> void vmovntdq(Memory<V> d, V s) {
        mr("vmovntdq", BYTES.unmasked(), 0x660FE7, d, s);
    }

    // Tails under AVX2: the upper bit of each element of the mask says whether it is moved.

    public final <V extends Vector<V, ?> & Narrow> void vmaskmovps(V d, V mask, Memory<V> s) {
        rvm("vmaskmovps", DWORDS.onlyVex(), 0x660F382C, d, mask, s);
    }

    public final <V extends Vector<V, ?> & Narrow> void vmaskmovps(Memory<V> d, V mask, V s) {
        vector(
                "vmaskmovps",
                DWORDS.onlyVex(),
                0x660F382E,
                s.number(),
                mask.number(),
                d,
                NONE,
                d,
                mask,
                s);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpmaskmovd(V d, V mask, Memory<V> s) {
        rvm("vpmaskmovd", DWORDS.onlyVex(), 0x660F388C, d, mask, s);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpmaskmovd(Memory<V> d, V mask, V s) {
        vector(
                "vpmaskmovd",
                DWORDS.onlyVex(),
                0x660F388E,
                s.number(),
                mask.number(),
                d,
                NONE,
                d,
                mask,
                s);
    }

    // One element.

    public final void vmovss(Xmm d, Memory<Xmm> s) {
        rm("vmovss", SINGLE, 0xF30F10, d, s);
    }

    public final void vmovss(Memory<Xmm> d, Xmm s) {
        mr("vmovss", SINGLE, 0xF30F11, d, s);
    }

    public final void vmovss(Xmm d, Xmm a, Xmm b) {
        rvm("vmovss", SINGLE, 0xF30F10, d, a, b);
    }

    public final void vmovsd(Xmm d, Memory<Xmm> s) {
        rm("vmovsd", DOUBLE, 0xF20F10, d, s);
    }

    public final void vmovsd(Memory<Xmm> d, Xmm s) {
        mr("vmovsd", DOUBLE, 0xF20F11, d, s);
    }

    public final void vmovsd(Xmm d, Xmm a, Xmm b) {
        rvm("vmovsd", DOUBLE, 0xF20F10, d, a, b);
    }

    public final void vmovd(Xmm d, Source<R32> s) {
        rm("vmovd", SINGLE.unmasked(), 0x660F6E, d, s);
    }

    public final void vmovd(Source<R32> d, Xmm s) {
        mr("vmovd", SINGLE.unmasked(), 0x660F7E, d, s);
    }

    public final void vmovq(Xmm d, R64 s) {
        rm("vmovq", WIDE_DOUBLE.unmasked(), 0x660F6E, d, s);
    }

    public final void vmovq(R64 d, Xmm s) {
        mr("vmovq", WIDE_DOUBLE.unmasked(), 0x660F7E, d, s);
    }

    public final void vpextrd(Source<R32> d, Xmm s, int immediate) {
        mri("vpextrd", SINGLE.unmasked(), 0x660F3A16, d, s, immediate);
    }

    /// Stores one of 16 bytes.
    public final void vpextrb(Memory<R32> d, Xmm s, int immediate) {
        mri("vpextrb", BYTES.memory(1).unmasked(), 0x660F3A14, d, s, immediate);
    }

    /// Stores one of 8 words.
    public final void vpextrw(Memory<R32> d, Xmm s, int immediate) {
        mri("vpextrw", BYTES.memory(2).unmasked(), 0x660F3A15, d, s, immediate);
    }

    public final void vpextrq(Source<R64> d, Xmm s, int immediate) {
        mri("vpextrq", WIDE_DOUBLE.unmasked(), 0x660F3A16, d, s, immediate);
    }

    public final void vpinsrd(Xmm d, Xmm a, Source<R32> b, int immediate) {
        rvmi("vpinsrd", SINGLE.unmasked(), 0x660F3A22, d, a, b, immediate);
    }

    public final void vpinsrq(Xmm d, Xmm a, Source<R64> b, int immediate) {
        rvmi("vpinsrq", WIDE_DOUBLE.unmasked(), 0x660F3A22, d, a, b, immediate);
    }

    public final void vinsertps(Xmm d, Xmm a, Source<Xmm> b, int immediate) {
        rvmi("vinsertps", SINGLE.unmasked(), 0x660F3A21, d, a, b, immediate);
    }

    public final void vextractps(Source<R32> d, Xmm s, int immediate) {
        mri("vextractps", SINGLE.unmasked(), 0x660F3A17, d, s, immediate);
    }

    public final void vmovhlps(Xmm d, Xmm a, Xmm b) {
        rvm("vmovhlps", BYTES.unmasked(), 0x0F12, d, a, b);
    }

    public final void vmovlhps(Xmm d, Xmm a, Xmm b) {
        rvm("vmovlhps", BYTES.unmasked(), 0x0F16, d, a, b);
    }

    // One element, or a group of them, into all places.

    public final <V extends Vector<V, ?>> void vbroadcastss(V d, Source<Xmm> s) {
        rm("vbroadcastss", SINGLE, 0x660F3818, d, s);
    }

    public final <V extends Vector<V, ?> & Wide> void vbroadcastsd(V d, Source<Xmm> s) {
        rm("vbroadcastsd", DOUBLE, 0x660F3819, d, s);
    }

    public final <V extends Vector<V, ?>> void vpbroadcastb(V d, Source<Xmm> s) {
        rm("vpbroadcastb", BYTES.memory(1), 0x660F3878, d, s);
    }

    public final <V extends Vector<V, ?>> void vpbroadcastb(V d, R32 s) {
        rm("vpbroadcastb", BYTES.memory(1).onlyEvex(), 0x660F387A, d, s);
    }

    public final <V extends Vector<V, ?>> void vpbroadcastw(V d, Source<Xmm> s) {
        rm("vpbroadcastw", BYTES.memory(2), 0x660F3879, d, s);
    }

    public final <V extends Vector<V, ?>> void vpbroadcastw(V d, R32 s) {
        rm("vpbroadcastw", BYTES.memory(2).onlyEvex(), 0x660F387B, d, s);
    }

    public final <V extends Vector<V, ?>> void vpbroadcastd(V d, Source<Xmm> s) {
        rm("vpbroadcastd", SINGLE, 0x660F3858, d, s);
    }

    public final <V extends Vector<V, ?>> void vpbroadcastd(V d, R32 s) {
        rm("vpbroadcastd", SINGLE.onlyEvex(), 0x660F387C, d, s);
    }

    public final <V extends Vector<V, ?>> void vpbroadcastq(V d, Source<Xmm> s) {
        rm("vpbroadcastq", DOUBLE, 0x660F3859, d, s);
    }

    public final <V extends Vector<V, ?>> void vpbroadcastq(V d, R64 s) {
        rm("vpbroadcastq", DOUBLE.onlyEvex(), 0x660F387C, d, s);
    }

    public final void vbroadcasti128(Ymm d, Memory<Xmm> s) {
        rm("vbroadcasti128", BYTES.memory(16).onlyVex(), 0x660F385A, d, s);
    }

    public final void vbroadcastf128(Ymm d, Memory<Xmm> s) {
        rm("vbroadcastf128", BYTES.memory(16).onlyVex(), 0x660F381A, d, s);
    }

    public final <V extends Vector<V, ?> & Wide> void vbroadcasti32x4(V d, Memory<Xmm> s) {
        rm("vbroadcasti32x4", BYTES.memory(16).onlyEvex(), 0x660F385A, d, s);
    }

    public final <V extends Vector<V, ?> & Wide> void vbroadcastf32x4(V d, Memory<Xmm> s) {
        rm("vbroadcastf32x4", BYTES.memory(16).onlyEvex(), 0x660F381A, d, s);
    }

    public final void vbroadcasti64x4(Zmm d, Memory<Ymm> s) {
        rm("vbroadcasti64x4", BYTES.memory(32).w1().onlyEvex(), 0x660F385B, d, s);
    }

    public final void vbroadcastf64x4(Zmm d, Memory<Ymm> s) {
        rm("vbroadcastf64x4", BYTES.memory(32).w1().onlyEvex(), 0x660F381B, d, s);
    }

    public final void vzeroupper() {
        fixed("vzeroupper", 0xC5, 0xF8, 0x77);
    }

    public final void vzeroall() {
        fixed("vzeroall", 0xC5, 0xFC, 0x77);
    }
}
