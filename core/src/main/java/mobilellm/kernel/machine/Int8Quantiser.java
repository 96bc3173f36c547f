package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Label;
import mobilellm.assembler.R64;

/// Rounds one row of f32 to int8 and writes it into its place of a tile, see [Int8Rows].
///
/// Each block of 32 columns becomes `round(x * (127 / max|x|))`, ties to even; a block of nothing but tiny numbers becomes zeros.
final class Int8Quantiser {
    static final int SOURCE = 0;
    static final int TARGET = 8;
    static final int BLOCKS = 16;

    /// Bytes from one field of a block to the next: 4 for each token of the tile.
    static final int FIELD_STRIDE = 24;

    static final int ARGUMENT_BYTES = 32;

    /// Below, 127 / max would overflow.
    private static final float TINY = 1e-30f;

    private static final R64 source = rsi;
    private static final R64 target = rdx;
    private static final R64 blocks = rcx;
    private static final R64 stride = r8;

    private final Assembler a = new Assembler();
    private final boolean pairs;

    /// @param tier decides in which form the start of nibble sums is wanted
    Int8Quantiser(CpuTier tier) {
        pairs = tier == CpuTier.AVX2;
    }

    Code code() {
        var frame = CallingConvention.current().enter(a);
        Label block = a.label();
        Label zero = a.label();
        Label scaled = a.label();
        a.mov(source, mem(rdi, SOURCE));
        a.mov(target, mem(rdi, TARGET));
        a.mov(blocks, mem(rdi, BLOCKS));
        a.mov(stride, mem(rdi, FIELD_STRIDE));

        a.bind(block);
        largest();
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
        round();
        storeBytes();
        storeSums();
        a.add(source, 128);
        a.dec(blocks);
        a.jnz(block);
        frame.leave();
        return a.assemble();
    }

    /// `ymm 0..3` are the block, `xmm 4` its largest magnitude.
    private void largest() {
        for (int i = 0; i < 4; i++) {
            a.vmovups(ymm(i), mem(source, 32 * i));
            a.vandps(ymm(i == 0 ? 4 : 5), ymm(i), a.filled(ymm(i), 0x7FFFFFFF));
            if (i > 0) {
                a.vmaxps(ymm(4), ymm(4), ymm(5));
            }
        }
        a.vextractf128(xmm(5), ymm(4), 1);
        a.vmaxps(xmm(4), xmm(4), xmm(5));
        a.vmovhlps(xmm(5), xmm(4), xmm(4));
        a.vmaxps(xmm(4), xmm(4), xmm(5));
        a.vmovshdup(xmm(5), xmm(4));
        a.vmaxss(xmm(4), xmm(4), xmm(5));
    }

    /// `ymm 0` becomes the 32 bytes, in order.
    private void round() {
        a.vbroadcastss(ymm(5), xmm(5));
        for (int i = 0; i < 4; i++) {
            a.vmulps(ymm(i), ymm(i), ymm(5));
            a.vcvtps2dq(ymm(i), ymm(i));
        }
        a.vpackssdw(ymm(0), ymm(0), ymm(1));
        a.vpackssdw(ymm(2), ymm(2), ymm(3));
        a.vpacksswb(ymm(0), ymm(0), ymm(2));
        // Packing works within halves of 128 bits.
        a.vmovdqu(ymm(1), a.dwords(0, 4, 1, 5, 2, 6, 3, 7));
        a.vpermd(ymm(0), ymm(1), ymm(0));
    }

    private void storeBytes() {
        a.vextracti128(xmm(1), ymm(0), 1);
        for (int quad = 0; quad < 8; quad++) {
            a.vpextrd(mem(target), xmm(quad / 4), quad % 4);
            a.add(target, stride);
        }
    }

    private void storeSums() {
        a.vmovdqu(ymm(1), a.filled(ymm(1), 0x01010101));
        a.vpmaddubsw(ymm(1), ymm(1), ymm(0));
        a.vextracti128(xmm(2), ymm(1), 1);
        a.vpaddw(xmm(1), xmm(1), xmm(2));
        a.vpshufd(xmm(2), xmm(1), 0b01_00_11_10);
        a.vpaddw(xmm(1), xmm(1), xmm(2));
        a.vpshufd(xmm(2), xmm(1), 0b10_11_00_01);
        a.vpaddw(xmm(1), xmm(1), xmm(2)); // sums of columns 0, 1 and of 2, 3 modulo 4
        if (pairs) {
            a.vpmullw(xmm(2), xmm(1), a.filled(xmm(2), 0xFFF8FFF8));
        }
        a.vpmaddwd(xmm(1), xmm(1), a.filled(xmm(1), 0x00010001));
        if (!pairs) {
            a.vpmulld(xmm(2), xmm(1), a.filled(xmm(2), -8));
        }
        a.vmovd(mem(target), xmm(2));
        a.add(target, stride);
        a.vpmulld(xmm(2), xmm(1), a.filled(xmm(2), -128));
        a.vmovd(mem(target), xmm(2));
        a.add(target, stride);
        a.vmovss(mem(target), xmm(4));
        a.add(target, stride);
        a.vcvtdq2ps(xmm(1), xmm(1));
        a.vmulss(xmm(1), xmm(1), xmm(4));
        a.vmovss(mem(target), xmm(1));
        a.add(target, stride);
    }
}
