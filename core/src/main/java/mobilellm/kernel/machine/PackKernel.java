package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.Label;
import mobilellm.assembler.Memory;
import mobilellm.assembler.R64;
import mobilellm.assembler.Xmm;
import mobilellm.assembler.Ymm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.tensor.DType;

/// Brings groups of 16 stored rows into the layout of [PackedMatrix], and looks whether a number or scale is NaN or infinite.
///
/// The layout is a transposition: of 4 x 4 dwords for quantised types and F32, of 8 x 8 words for F16 and BF16. It takes AVX2 and
/// no more, and a third of the time that the bytes need to come from memory.
final class PackKernel {
    static final int SOURCE = 0;

    /// Bytes of a stored row; rows follow one another.
    static final int ROW_BYTES = 8;

    static final int GROUPS = 16;

    /// Blocks of a row, or steps of 16 bytes of a plain type.
    static final int UNITS = 24;

    static final int QUANTS = 32;
    static final int SCALES = 40;
    static final int MINIMUMS = 48;

    /// Bytes that are checked from [#QUANTS] on where the type is plain, else from [#SCALES] and [#MINIMUMS] on; a multiple of 32.
    static final int CHECKED_BYTES = 56;

    /// Becomes 0 if all numbers are finite.
    static final int BROKEN = 64;

    static final int ARGUMENT_BYTES = 72;

    private static final int UNIT_BYTES = 16;

    private static final R64 rowBytes = r8;
    private static final R64 threeRows = rbx;
    private static final R64 quants = rdx;
    private static final R64 scales = rcx;
    private static final R64 minimums = r12;
    private static final R64 units = r13;
    private static final R64 groups = r14;

    /// Rows 0, 4, 8 and 12 of a group.
    private static final R64[] FOURTHS = {rsi, r9, r10, r11};

    private final Assembler a = new Assembler();
    private final DType type;

    /// @param type a type that kernels run, as stored and as packed
    PackKernel(DType type) {
        this.type = type;
    }

    /// Whether rows of this type and length can be packed.
    static boolean packs(DType type, int columns) {
        return switch (type) {
            case Q8_0, Q4_0, Q4_1 -> true;
            case F32, F16, BF16 -> type.bytes(columns) % UNIT_BYTES == 0;
            default -> false;
        };
    }

    /// Units of a row.
    static long units(DType type, int columns) {
        return type.isQuantised() ? columns / PackedMatrix.BLOCK : type.bytes(columns) / UNIT_BYTES;
    }

    Code code() {
        var frame = CallingConvention.current().enter(a, rbx, r12, r13, r14, r15);
        Label group = a.label();
        Label unit = a.label();
        a.mov(rsi, mem(rdi, SOURCE));
        a.mov(rowBytes, mem(rdi, ROW_BYTES));
        a.mov(groups, mem(rdi, GROUPS));
        a.mov(quants, mem(rdi, QUANTS));
        a.mov(scales, mem(rdi, SCALES));
        a.mov(minimums, mem(rdi, MINIMUMS));
        a.lea(threeRows, mem(rowBytes, rowBytes, 2, 0));
        if (type == DType.Q8_0) {
            a.vmovdqu(xmm(15), a.filled(xmm(15), 0x80808080));
        }

        a.bind(group);
        a.mov(units, mem(rdi, UNITS));
        for (int i = 1; i < FOURTHS.length; i++) {
            a.lea(FOURTHS[i], mem(FOURTHS[i - 1], rowBytes, 4, 0));
        }
        a.align(32);
        a.bind(unit);
        unit();
        a.dec(units);
        a.jnz(unit);
        // Row 12 has come to its end, where row 13 begins.
        a.lea(rsi, mem(FOURTHS[3], threeRows, 1, 0));
        a.dec(groups);
        a.jnz(group);

        check();
        frame.leave();
        return a.assemble();
    }

    private void unit() {
        int header = 0;
        int stored = UNIT_BYTES;
        int packed = 4 * PackedMatrix.GROUP * Integer.BYTES;
        switch (type) {
            case F16, BF16 -> {
                transposeWords(0);
                transposeWords(1);
            }
            case Q8_0 -> {
                header = Short.BYTES;
                stored = PackedMatrix.BLOCK;
                packed = 2 * packed;
                transposeDwords(header, 0);
                transposeDwords(header + UNIT_BYTES, packed / 2);
                halves(0, scales);
            }
            case Q4_0, Q4_1 -> {
                header = type == DType.Q4_0 ? Short.BYTES : 2 * Short.BYTES;
                transposeDwords(header, 0);
                halves(0, scales);
                if (type == DType.Q4_1) {
                    halves(Short.BYTES, minimums);
                }
            }
            default -> transposeDwords(0, 0);
        }
        for (R64 fourth : FOURTHS) {
            a.add(fourth, header + stored);
        }
        a.add(quants, packed);
    }

    /// A row of the group.
    private <V> Memory<V> row(int row, int offset) {
        R64 fourth = FOURTHS[row / 4];
        return switch (row % 4) {
            case 0 -> mem(fourth, offset);
            case 1 -> mem(fourth, rowBytes, 1, offset);
            case 2 -> mem(fourth, rowBytes, 2, offset);
            default -> mem(fourth, threeRows, 1, offset);
        };
    }

    /// Dword `i` of 16 bytes at `offset` of all rows goes to `target + 64 i`.
    private void transposeDwords(int offset, int target) {
        for (int four = 0; four < 4; four++) {
            for (int i = 0; i < 4; i++) {
                a.vmovdqu(xmm(i), row(4 * four + i, offset));
                if (type == DType.Q8_0) {
                    a.vpxor(xmm(i), xmm(i), xmm(15));
                }
            }
            interleaveDwords(0, 4, 5);
            interleaveDwords(2, 6, 7);
            join(4, 6, quants, target + 16 * four, 64);
            join(5, 7, quants, target + 128 + 16 * four, 64);
        }
    }

    /// Word `i` of 16 bytes of 8 rows goes to `32 i`.
    private void transposeWords(int half) {
        for (int i = 0; i < 8; i += 2) {
            a.vmovdqu(xmm(0), row(8 * half + i, 0));
            a.vmovdqu(xmm(1), row(8 * half + i + 1, 0));
            a.vpunpcklwd(xmm(8 + i / 2), xmm(0), xmm(1));
            a.vpunpckhwd(xmm(12 + i / 2), xmm(0), xmm(1));
        }
        for (int columns = 0; columns < 2; columns++) {
            int pairs = 8 + 4 * columns;
            interleaveDwords(pairs, 4, 5);
            interleaveDwords(pairs + 2, 6, 7);
            int target = 16 * half + 128 * columns;
            join(4, 6, quants, target, 32);
            join(5, 7, quants, target + 64, 32);
        }
    }

    /// Interleaves registers `from` and `from + 1`.
    private void interleaveDwords(int from, int low, int high) {
        a.vpunpckldq(xmm(low), xmm(from), xmm(from + 1));
        a.vpunpckhdq(xmm(high), xmm(from), xmm(from + 1));
    }

    /// Stores the lower halves of two registers, and the upper halves `step` bytes on.
    private void join(int first, int second, R64 base, int target, int step) {
        Xmm joined = xmm(3);
        a.vpunpcklqdq(joined, xmm(first), xmm(second));
        a.vmovdqu(mem(base, target), joined);
        a.vpunpckhqdq(joined, xmm(first), xmm(second));
        a.vmovdqu(mem(base, target + step), joined);
    }

    /// The f16 at `offset` of all rows, in pairs.
    private void halves(int offset, R64 target) {
        for (int i = 0; i < PackedMatrix.GROUP; i += 2) {
            a.movzx16(eax, row(i, offset));
            a.movzx16(r15d, row(i + 1, offset));
            a.shl(r15d, 16);
            a.or(eax, r15d);
            a.mov(mem(target, Short.BYTES * i), eax);
        }
        a.add(target, Short.BYTES * PackedMatrix.GROUP);
    }

    /// An exponent of all ones, plus one, is the sign bit.
    private void check() {
        int exponent =
                switch (type) {
                    case F32 -> 0x7f80_0000;
                    case BF16 -> 0x7f80_7f80;
                    default -> 0x7c00_7c00;
                };
        boolean dwords = type == DType.F32;
        a.vmovdqu(ymm(1), a.filled(ymm(1), exponent));
        a.vmovdqu(
                ymm(2), a.filled(ymm(2), Integer.lowestOneBit(exponent) * (dwords ? 1 : 0x10001)));
        a.vpxor(ymm(0), ymm(0), ymm(0));
        check(type.isQuantised() ? SCALES : QUANTS, dwords);
        if (type == DType.Q4_1) {
            check(MINIMUMS, dwords);
        }
        int sign = dwords ? 0x8000_0000 : 0x8000_8000;
        a.vpand(ymm(0), ymm(0), a.filled(ymm(0), sign));
        a.vpmovmskb(eax, ymm(0));
        a.mov(mem(rdi, BROKEN), rax);
    }

    private void check(int plane, boolean dwords) {
        Ymm sums = ymm(3);
        Label next = a.label();
        a.mov(rsi, mem(rdi, plane));
        a.mov(rcx, mem(rdi, CHECKED_BYTES));
        a.bind(next);
        a.vpand(sums, ymm(1), mem(rsi));
        if (dwords) {
            a.vpaddd(sums, sums, ymm(2));
        } else {
            a.vpaddw(sums, sums, ymm(2));
        }
        a.vpor(ymm(0), ymm(0), sums);
        a.add(rsi, 32);
        a.sub(rcx, 32);
        a.jnz(next);
    }
}
