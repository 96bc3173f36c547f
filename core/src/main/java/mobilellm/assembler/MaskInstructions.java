package mobilellm.assembler;

import static mobilellm.assembler.Encoding.BYTES;

/// Mask registers: one bit for each element of a vector.
abstract class MaskInstructions extends ElementaryInstructions {
    // w is 16 bits, d 32, q 64.

    public final void kmovw(Mask d, Source<Mask> s) {
        rm("kmovw", BYTES.onlyVex(), 0x0F90, d, s);
    }

    public final void kmovw(Memory<Mask> d, Mask s) {
        mr("kmovw", BYTES.onlyVex(), 0x0F91, d, s);
    }

    public final void kmovw(Mask d, R32 s) {
        rm("kmovw", BYTES.onlyVex(), 0x0F92, d, s);
    }

    public final void kmovw(R32 d, Mask s) {
        rm("kmovw", BYTES.onlyVex(), 0x0F93, d, s);
    }

    public final void kmovd(Mask d, Source<Mask> s) {
        rm("kmovd", BYTES.w1().onlyVex(), 0x660F90, d, s);
    }

    public final void kmovd(Memory<Mask> d, Mask s) {
        mr("kmovd", BYTES.w1().onlyVex(), 0x660F91, d, s);
    }

    public final void kmovd(Mask d, R32 s) {
        rm("kmovd", BYTES.onlyVex(), 0xF20F92, d, s);
    }

    public final void kmovd(R32 d, Mask s) {
        rm("kmovd", BYTES.onlyVex(), 0xF20F93, d, s);
    }

    public final void kmovq(Mask d, Source<Mask> s) {
        rm("kmovq", BYTES.w1().onlyVex(), 0x0F90, d, s);
    }

    public final void kmovq(Memory<Mask> d, Mask s) {
        mr("kmovq", BYTES.w1().onlyVex(), 0x0F91, d, s);
    }

    public final void kmovq(Mask d, R64 s) {
        rm("kmovq", BYTES.w1().onlyVex(), 0xF20F92, d, s);
    }

    public final void kmovq(R64 d, Mask s) {
        rm("kmovq", BYTES.w1().onlyVex(), 0xF20F93, d, s);
    }

    public final void kortestw(Mask d, Mask s) {
        rm("kortestw", BYTES.onlyVex(), 0x0F98, d, s);
    }

    public final void kortestd(Mask d, Mask s) {
        rm("kortestd", BYTES.w1().onlyVex(), 0x660F98, d, s);
    }

    public final void kortestq(Mask d, Mask s) {
        rm("kortestq", BYTES.w1().onlyVex(), 0x0F98, d, s);
    }

    public final void knotw(Mask d, Mask s) {
        rm("knotw", BYTES.onlyVex(), 0x0F44, d, s);
    }
}
