package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Label;
import mobilellm.assembler.R64;
import mobilellm.assembler.Ymm;
import mobilellm.kernel.Operand;

/// Rounds rows of f32 to int8 and writes each into its place of a tile, see [Int8Rows].
///
/// Each block of 32 columns is rounded by itself, or all with the scale of the row, see [Int8Block].
final class Int8Quantiser {
    enum Kind {
        BLOCKS,
        /// RMSNorm, with the bits of [RowKernels#rmsNorm], and [#BLOCKS] of its result, which is stored too.
        NORMALISED_BLOCKS,
        /// [RowKernels#swiGlu] with the source as the gate and [#BLOCKS] of its result, which replaces the source.
        SWIGLU_BLOCKS,
        /// [RowKernels#relu], the same way.
        RELU_BLOCKS,
        WHOLE_ROWS
    }

    static final int SOURCE = 0;
    static final int TARGET = 8;
    static final int BLOCKS = 16;

    /// Bytes from one field of a block to the next: 4 for each token of the tile.
    static final int FIELD_STRIDE = 24;

    // Of RMSNorm: numbers of the row and epsilon, as f32, and the weight.
    static final int COUNT = 32;
    static final int EPSILON = 40;
    static final int WEIGHT = 48;

    /// Where the normalised row goes, or the row that SwiGLU multiplies by.
    static final int OTHER = 56;

    // Of several rows: bytes from one to the next, rows of a tile that are rounded, bytes from what
    // follows the last of them to the first one of the next tile, and
    // tiles.
    static final int ROW_STRIDE = 64;
    static final int ROWS = 72;
    static final int TILE_STEP = 80;
    static final int TILES = 88;
    private static final int ROWS_LEFT = 96;

    private static final int BLOCK_BYTES = 128;
    private static final int BLOCK_VECTORS = BLOCK_BYTES / Simd.BYTES;

    private static final R64 source = rsi;
    private static final R64 target = rdx;
    private static final R64 blocks = rcx;
    private static final R64 stride = r8;
    private static final R64 weight = r9;
    private static final R64 other = r10;
    private static final Ymm INVERSE_ROOT = ymm(7);

    private final Assembler a;
    private final Int8Block rounding;
    private final CpuTier tier;
    private final Kind kind;
    private final boolean pairs;

    /// @param tier decides in which form the start of nibble sums is wanted
    Int8Quantiser(Assembler a, CpuTier tier, Kind kind) {
        this.a = a;
        rounding = new Int8Block(a);
        this.tier = tier;
        this.kind = kind;
        pairs = tier == CpuTier.AVX2;
    }

    /// Some rows of each of some tiles.
    Code code() {
        var frame = CallingConvention.current().enter(a);
        Label tile = a.label();
        Label row = a.label();
        a.bind(tile);
        a.mov(rax, mem(rdi, ROWS));
        a.mov(mem(rdi, ROWS_LEFT), rax);
        a.bind(row);
        write();
        a.mov(rax, mem(rdi, ROW_STRIDE));
        a.add(mem(rdi, SOURCE), rax);
        a.add(mem(rdi, OTHER), rax);
        a.mov(rax, Integer.BYTES);
        a.add(mem(rdi, TARGET), rax);
        countDown(ROWS_LEFT, row);
        a.mov(rax, mem(rdi, TILE_STEP));
        a.add(mem(rdi, TARGET), rax);
        countDown(TILES, tile);
        frame.leave();
        return a.assemble();
    }

    private void countDown(int counter, Label again) {
        a.mov(rax, 1);
        a.sub(mem(rdi, counter), rax);
        a.jnz(again);
    }

    /// Writes what rounds one row. Leaves rdi as it is.
    void write() {
        Label block = a.label();
        if (kind == Kind.NORMALISED_BLOCKS) {
            findInverseRoot();
        }
        a.mov(source, mem(rdi, SOURCE));
        a.mov(other, mem(rdi, OTHER));
        a.mov(target, mem(rdi, TARGET));
        a.mov(blocks, mem(rdi, BLOCKS));
        a.mov(stride, mem(rdi, FIELD_STRIDE));

        if (kind == Kind.WHOLE_ROWS) {
            rounding.scaleRow(source, blocks);
            a.mov(source, mem(rdi, SOURCE));
            a.mov(blocks, mem(rdi, BLOCKS));
        }

        a.bind(block);
        activate();
        rounding.load(source, 0);
        switch (kind) {
            case BLOCKS, SWIGLU_BLOCKS, RELU_BLOCKS -> rounding.round();
            case NORMALISED_BLOCKS -> {
                normalise();
                rounding.round();
            }
            case WHOLE_ROWS -> rounding.roundByRow();
        }
        a.vandps(xmm(4), xmm(4), a.filled(xmm(4), Operand.SCALE_MASK));
        storeBytes();
        storeSums();
        a.add(source, BLOCK_BYTES);
        a.add(other, BLOCK_BYTES);
        a.dec(blocks);
        a.jnz(block);
    }

    private void findInverseRoot() {
        a.mov(rsi, mem(rdi, SOURCE));
        a.mov(rcx, mem(rdi, BLOCKS));
        a.imul(rcx, rcx, BLOCK_VECTORS);
        new RowKernels(tier, a).inverseRootOfRow();
        a.vmovaps(INVERSE_ROOT, ymm(0));
        a.mov(weight, mem(rdi, WEIGHT));
    }

    private void activate() {
        var kernels = new RowKernels(tier, a);
        for (int at = 0; at < BLOCK_BYTES; at += Simd.BYTES) {
            switch (kind) {
                case SWIGLU_BLOCKS -> kernels.swiGlu(source, other, at);
                case RELU_BLOCKS -> kernels.relu(source, at);
                case BLOCKS, NORMALISED_BLOCKS, WHOLE_ROWS -> {}
            }
        }
    }

    private void normalise() {
        for (int i = 0; i < 4; i++) {
            a.vmulps(ymm(i), ymm(i), INVERSE_ROOT);
            a.vmulps(ymm(i), ymm(i), mem(weight, 32 * i));
            a.vmovups(mem(other, 32 * i), ymm(i));
        }
        a.add(weight, BLOCK_BYTES);
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
        storeStart();
        a.vpmulld(xmm(2), xmm(1), a.filled(xmm(2), -128));
        storeStart();
        a.vmovss(mem(target), xmm(4));
        a.add(target, stride);
        a.vcvtdq2ps(xmm(1), xmm(1));
        a.vmulss(xmm(1), xmm(1), xmm(4));
        a.vmovss(mem(target), xmm(1));
        a.add(target, stride);
        a.vmulss(xmm(1), xmm(4), a.floats(-Int8Rows.BIAS));
        a.vmovss(mem(target), xmm(1));
        a.add(target, stride);
    }

    /// What sums begin with, lane 0 of `xmm 2`.
    private void storeStart() {
        if (tier == CpuTier.AVX512_VNNI) {
            a.vpaddd(xmm(2), xmm(2), a.filled(xmm(2), Float.floatToRawIntBits(Int8Rows.BIAS)));
        }
        a.vmovd(mem(target), xmm(2));
        a.add(target, stride);
    }
}
