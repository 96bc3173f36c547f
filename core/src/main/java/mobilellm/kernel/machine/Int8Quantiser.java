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
/// Each block of 32 columns is rounded by itself, or all with the scale of the row, see [Int8Block].
final class Int8Quantiser {
    static final int SOURCE = 0;
    static final int TARGET = 8;
    static final int BLOCKS = 16;

    /// Bytes from one field of a block to the next: 4 for each token of the tile.
    static final int FIELD_STRIDE = 24;

    static final int ARGUMENT_BYTES = 32;

    private static final R64 source = rsi;
    private static final R64 target = rdx;
    private static final R64 blocks = rcx;
    private static final R64 stride = r8;

    private final Assembler a = new Assembler();
    private final Int8Block rounding = new Int8Block(a);
    private final boolean wholeRows;
    private final boolean pairs;

    /// @param tier decides in which form the start of nibble sums is wanted
    /// @param wholeRows whether a row has one scale
    Int8Quantiser(CpuTier tier, boolean wholeRows) {
        this.wholeRows = wholeRows;
        pairs = tier == CpuTier.AVX2;
    }

    Code code() {
        var frame = CallingConvention.current().enter(a);
        Label block = a.label();
        a.mov(source, mem(rdi, SOURCE));
        a.mov(target, mem(rdi, TARGET));
        a.mov(blocks, mem(rdi, BLOCKS));
        a.mov(stride, mem(rdi, FIELD_STRIDE));

        if (wholeRows) {
            rounding.scaleRow(source, blocks);
            a.mov(source, mem(rdi, SOURCE));
            a.mov(blocks, mem(rdi, BLOCKS));
        }

        a.bind(block);
        rounding.load(source, 0);
        if (wholeRows) {
            rounding.roundByRow();
        } else {
            rounding.round();
        }
        storeBytes();
        storeSums();
        a.add(source, 128);
        a.dec(blocks);
        a.jnz(block);
        frame.leave();
        return a.assemble();
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
