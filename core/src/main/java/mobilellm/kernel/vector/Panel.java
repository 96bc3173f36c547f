package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.tensor.DType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The rows of one pair of vectors, unpacked to f32 once and then met by every tile of tokens: [column, PAIR] numbers
/// and, for quantised types, [block, PAIR] scales and minimums. Quantised weights stay integers (nibbles minus 8 for
/// Q4_0, bytes minus 128), so that sums over a block are exact.
final class Panel {
    private static final long ROW = Lanes.PAIR * (long) Float.BYTES;
    private static final long HALF = Lanes.COUNT * (long) Float.BYTES;

    private final MemorySegment numbers;
    private final MemorySegment scales;
    private final MemorySegment minimums;

    Panel(Arena arena, int columns) {
        int blocks = Math.ceilDiv(columns, PackedMatrix.BLOCK);
        numbers = arena.allocate(columns * ROW, 64);
        scales = arena.allocate(2L * blocks * ROW, 64);
        minimums = arena.allocate(2L * blocks * ROW, 64);
    }

    /// [column, PAIR]
    MemorySegment numbers() {
        return numbers;
    }

    /// [block, [run][PackedForm#runs], PAIR]
    MemorySegment scales() {
        return scales;
    }

    /// [block, [run][PackedForm#runs], PAIR]; filled only if the matrix has minimums.
    MemorySegment minimums() {
        return minimums;
    }

    /// Unpacks vectors `first` and `first + 1` of the matrix's rows (the last one twice where their number is odd).
    void unpack(PackedMatrix matrix, int first, int step) {
        int last = matrix.groups() * (PackedMatrix.GROUP / Lanes.COUNT) - 1;
        for (int half = 0; half < 2; half++) {
            int row = Math.min(first + half, last) * Lanes.COUNT;
            long group = row / PackedMatrix.GROUP;
            int lane = row % PackedMatrix.GROUP;
            long target = half * HALF;
            switch (matrix.form().type()) {
                case Q4_0 -> nibbles(matrix, group, lane, target, -8, step);
                case Q4_1 -> nibbles(matrix, group, lane, target, 0, step);
                case Q8_0 -> bytes(matrix, group, lane, target, step);
                default -> plain(matrix, group, lane, target, step);
            }
            if (matrix.form().isQuantised()) {
                factors(matrix, matrix.scales(), scales, group, lane, target, step);
            }
            if (matrix.form().hasMinimums()) {
                factors(matrix, matrix.minimums(), minimums, group, lane, target, step);
            }
        }
    }

    /// One nibble position of all slices a pass: C2 would not inline all eight in one loop.
    private void nibbles(
            PackedMatrix matrix, long group, int lane, long target, int shift, int step) {
        long offset = group * matrix.groupBytes() + 4L * lane;
        for (int column = 0; column < 4; column++) {
            long low = target + column * ROW;
            spread(
                    matrix.quants(),
                    offset,
                    8 * column,
                    15,
                    shift,
                    low,
                    matrix.blocks() * 4,
                    4,
                    step);
            spread(
                    matrix.quants(),
                    offset,
                    8 * column + 4,
                    15,
                    shift,
                    low + 16 * ROW,
                    matrix.blocks() * 4,
                    4,
                    step);
        }
    }

    private void bytes(PackedMatrix matrix, long group, int lane, long target, int step) {
        long offset = group * matrix.groupBytes() + 4L * lane;
        for (int column = 0; column < 4; column++) {
            long at = target + column * ROW;
            spread(
                    matrix.quants(),
                    offset,
                    8 * column,
                    255,
                    -128,
                    at,
                    matrix.blocks() * 8,
                    8,
                    step);
        }
    }

    /// Writes one column of each slice: `bits >>> position & mask`, plus `bias`, as f32.
    ///
    /// @param slices in all
    /// @param perBlock slices of a block of 32 columns; after them the next block's columns begin
    private void spread(
            MemorySegment source,
            long offset,
            int position,
            int mask,
            int bias,
            long target,
            int slices,
            int perBlock,
            int step) {
        long gap = (PackedMatrix.BLOCK - 4L * perBlock) * ROW;
        int inBlock = 0;
        for (int slice = 0; slice < slices; slice += step) {
            ((FloatVector)
                            IntVector.fromMemorySegment(Lanes.INTS, source, offset, Lanes.ORDER)
                                    .lanewise(VectorOperators.LSHR, position)
                                    .and(mask)
                                    .add(bias)
                                    .convert(VectorOperators.I2F, 0))
                    .intoMemorySegment(numbers, target, Lanes.ORDER);
            offset += 64;
            target += 4 * ROW;
            if (++inBlock == perBlock) {
                inBlock = 0;
                target += gap;
            }
        }
    }

    private void plain(PackedMatrix matrix, long group, int lane, long target, int step) {
        MemorySegment source = matrix.quants();
        int size = matrix.form().type().blockBytes();
        long offset = group * matrix.groupBytes() + (long) lane * size;
        long stride = (long) PackedMatrix.GROUP * size;
        switch (matrix.form().type()) {
            case F16 ->
                    widenHalves(source, offset, stride, numbers, target, matrix.columns(), step);
            case BF16 ->
                    widenBrainFloats(
                            source, offset, stride, numbers, target, matrix.columns(), step);
            default -> copyFloats(source, offset, stride, numbers, target, matrix.columns(), step);
        }
    }

    private static void factors(
            PackedMatrix matrix,
            MemorySegment source,
            MemorySegment target,
            long group,
            int lane,
            long at,
            int step) {
        PackedForm form = matrix.form();
        long offset = group * matrix.groupFactorBytes() + (long) lane * form.factors().blockBytes();
        int runs = matrix.blocks() * form.runs();
        long stride = form.factorBytes() / form.runs();
        if (form.factors() == DType.F32) {
            copyFloats(source, offset, stride, target, at, runs, step);
        } else {
            widenHalves(source, offset, stride, target, at, runs, step);
        }
    }

    /// `count` vectors of finite f16, `stride` bytes apart, to consecutive rows of f32.
    static void widenHalves(
            MemorySegment source,
            long offset,
            long stride,
            MemorySegment target,
            long at,
            int count,
            int step) {
        for (int i = 0; i < count; i += step) {
            ((IntVector)
                            ShortVector.fromMemorySegment(Lanes.HALVES, source, offset, Lanes.ORDER)
                                    .convertShape(VectorOperators.S2I, Lanes.INTS, 0))
                    .lanewise(VectorOperators.LSHL, 13)
                    .and(Lanes.HALF_BITS)
                    .reinterpretAsFloats()
                    .mul(Lanes.HALF_BIAS)
                    .intoMemorySegment(target, at, Lanes.ORDER);
            offset += stride;
            at += ROW;
        }
    }

    /// A vector of keys in Q8_0 ([mobilellm.kernel.KeyValueBlock]), 32 dimensions of them, to consecutive rows.
    ///
    /// @param offset of their dwords among the first four dimensions
    /// @param scales f32, one a key
    static void widenKeys(
            MemorySegment source,
            long offset,
            MemorySegment scales,
            MemorySegment target,
            long at,
            int step) {
        FloatVector factors = FloatVector.fromMemorySegment(Lanes.FLOATS, scales, 0, Lanes.ORDER);
        for (int i = 0; i < PackedMatrix.BLOCK; i += step) {
            ((FloatVector)
                            IntVector.fromMemorySegment(
                                            Lanes.INTS, source, offset + i / 4 * 64L, Lanes.ORDER)
                                    .lanewise(VectorOperators.LSHR, 8 * (i % 4))
                                    .and(255)
                                    .add(-128)
                                    .convert(VectorOperators.I2F, 0))
                    .mul(factors)
                    .intoMemorySegment(target, at, Lanes.ORDER);
            at += ROW;
        }
    }

    private static void widenBrainFloats(
            MemorySegment source,
            long offset,
            long stride,
            MemorySegment target,
            long at,
            int count,
            int step) {
        for (int i = 0; i < count; i += step) {
            ((IntVector)
                            ShortVector.fromMemorySegment(Lanes.HALVES, source, offset, Lanes.ORDER)
                                    .convertShape(VectorOperators.S2I, Lanes.INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .intoMemorySegment(target, at, Lanes.ORDER);
            offset += stride;
            at += ROW;
        }
    }

    /// `count` vectors of f32, `stride` bytes apart, to consecutive rows.
    static void copyFloats(
            MemorySegment source,
            long offset,
            long stride,
            MemorySegment target,
            long at,
            int count,
            int step) {
        for (int i = 0; i < count; i += step) {
            FloatVector.fromMemorySegment(Lanes.FLOATS, source, offset, Lanes.ORDER)
                    .intoMemorySegment(target, at, Lanes.ORDER);
            offset += stride;
            at += ROW;
        }
    }
}
