package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.tensor.DType;

import java.lang.foreign.MemorySegment;

/// Matrix-vector products of decode: packed weights stream once through 16-bit lanes.
///
/// A nibble times an int8 activation fits in 16 bits, and so does the sum of a block's 16 products in each lane
/// (15 * 127 * 16 = 30,480), so a block needs one multiplication and one addition per 32 weights and is widened once at
/// its end. Bytes do not fit; their pair sums are biased to stay unsigned and split into two 32-bit sums. Either way the
/// sum over a block is exact, and blocks are added in their order in f32: the result has the same bits as that of
/// [Tiles#blocks].
///
/// Each vector of rows goes through two short loops, with the blocks' integer sums in between, in L1: C2 stops inlining at
/// 18,000 nodes, which one loop with everything in it exceeds; its vectors would then be boxed on the heap (measured: 2 kB a
/// block, 20 times slower). Masks are vectors and not numbers, and helpers are written out, for the same reason: a helper that
/// was compiled by itself first is not inlined.
final class MatrixVector {
    private static final long ROW = Lanes.COUNT * (long) Integer.BYTES;

    /// An integer of less than 2^22 added to these bits, read as f32, is that integer plus 1.5 * 2^23: cheaper for C2's
    /// inlining budget than a conversion.
    private static final int FLOAT_BITS = 0x4B400000;

    private static final float FLOAT_BASE = 0x1.8p23f;

    private MatrixVector() {}

    /// `y = W x` or `y += W x` for one vector of the matrix's rows.
    ///
    /// @param y the rows of results
    /// @param at byte of y from which on this vector's are
    /// @param sums scratch, [blocks, COUNT]
    static void multiply(
            PackedMatrix matrix,
            VectorOperand x,
            MemorySegment y,
            long at,
            boolean accumulate,
            int vector,
            MemorySegment sums,
            int step) {
        int row = vector * Lanes.COUNT;
        int group = row / PackedMatrix.GROUP;
        int lane = row % PackedMatrix.GROUP;
        int blocks = matrix.blocks();
        int runs = matrix.form().runs();
        long weights = group * matrix.groupBytes() + 4L * lane;
        if (matrix.form().type() == DType.Q8_0) {
            int slices = 8 / runs;
            bytes(matrix.quants(), weights, x.byteTriples(), blocks * runs, slices, sums, step);
        } else if (runs > 1) {
            halves(matrix.quants(), weights, x.plainPairs(), blocks, sums, step);
        } else {
            int[] starts = matrix.form().type() == DType.Q4_0 ? x.nibbleStarts() : x.zeros();
            if (Lanes.SHIFTS_SHORTS) {
                nibblesWithoutMasks(
                        matrix.quants(), weights, x.nibblePairs(), starts, blocks, sums, step);
            } else {
                nibbles(matrix.quants(), weights, x.nibblePairs(), starts, blocks, sums, step);
            }
        }
        PackedForm form = matrix.form();
        long factors =
                group * matrix.groupFactorBytes() + (long) lane * form.factors().blockBytes();
        if (form.factors() == DType.F32) {
            scaleWide(matrix.scales(), factors, x.scales(), blocks, runs, sums, step);
        } else {
            scale(matrix.scales(), factors, x.scales(), blocks, sums, step);
        }
        if (form.hasMinimums() && form.factors() == DType.F32) {
            addWideMinimums(
                    matrix.minimums(), factors, x.scaledSums(form), blocks * runs, sums, step);
        } else if (form.hasMinimums()) {
            addMinimums(matrix.minimums(), factors, x.scaledSums(form), blocks, sums, step);
        }
        store(sums, y, at, accumulate);
    }

    /// The integer sums of each block of nibbles. A slice of 8 columns is four pairs of nibbles in 16-bit lanes.
    private static void nibbles(
            MemorySegment weights,
            long offset,
            int[] x,
            int[] starts,
            int blocks,
            MemorySegment sums,
            int step) {
        IntVector mask = IntVector.broadcast(Lanes.INTS, 0x000F000F);
        long target = 0;
        int at = 0;
        for (int b = 0; b < blocks; b += step) {
            ShortVector sum = ShortVector.zero(Lanes.SHORTS);
            for (int slice = 0; slice < 4; slice += step) {
                IntVector bits =
                        IntVector.fromMemorySegment(Lanes.INTS, weights, offset, Lanes.ORDER);
                sum =
                        sum.add(
                                        bits.and(mask)
                                                .reinterpretAsShorts()
                                                .mul(
                                                        IntVector.broadcast(Lanes.INTS, x[at])
                                                                .reinterpretAsShorts()))
                                .add(
                                        bits.lanewise(VectorOperators.LSHR, 4)
                                                .and(mask)
                                                .reinterpretAsShorts()
                                                .mul(
                                                        IntVector.broadcast(Lanes.INTS, x[at + 1])
                                                                .reinterpretAsShorts()))
                                .add(
                                        bits.lanewise(VectorOperators.LSHR, 8)
                                                .and(mask)
                                                .reinterpretAsShorts()
                                                .mul(
                                                        IntVector.broadcast(Lanes.INTS, x[at + 2])
                                                                .reinterpretAsShorts()))
                                .add(
                                        bits.lanewise(VectorOperators.LSHR, 12)
                                                .and(mask)
                                                .reinterpretAsShorts()
                                                .mul(
                                                        IntVector.broadcast(Lanes.INTS, x[at + 3])
                                                                .reinterpretAsShorts()));
                offset += 64;
                at += 4;
            }
            IntVector pairs =
                    sum.add(IntVector.broadcast(Lanes.INTS, starts[b]).reinterpretAsShorts())
                            .reinterpretAsInts();
            pairs.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(pairs.lanewise(VectorOperators.ASHR, 16))
                    .add(FLOAT_BITS)
                    .intoMemorySegment(sums, target, Lanes.ORDER);
            target += ROW;
        }
    }

    /// The integer sums of each half of a block of nibbles, the low ones and the high ones.
    private static void halves(
            MemorySegment weights, long offset, int[] x, int blocks, MemorySegment sums, int step) {
        for (int half = 0; half < 2; half += step) {
            long source = offset;
            long target = half * ROW;
            int at = half;
            for (int b = 0; b < blocks; b += step) {
                ShortVector sum = ShortVector.zero(Lanes.SHORTS);
                for (int slice = 0; slice < 4; slice += step) {
                    IntVector bits =
                            IntVector.fromMemorySegment(Lanes.INTS, weights, source, Lanes.ORDER)
                                    .lanewise(VectorOperators.LSHR, 4 * half);
                    sum =
                            sum.add(
                                            bits.and(0x000F000F)
                                                    .reinterpretAsShorts()
                                                    .mul(
                                                            IntVector.broadcast(Lanes.INTS, x[at])
                                                                    .reinterpretAsShorts()))
                                    .add(
                                            bits.lanewise(VectorOperators.LSHR, 8)
                                                    .and(0x000F000F)
                                                    .reinterpretAsShorts()
                                                    .mul(
                                                            IntVector.broadcast(
                                                                            Lanes.INTS, x[at + 2])
                                                                    .reinterpretAsShorts()));
                    source += 64;
                    at += 4;
                }
                IntVector pairs = sum.reinterpretAsInts();
                pairs.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(pairs.lanewise(VectorOperators.ASHR, 16))
                        .add(FLOAT_BITS)
                        .intoMemorySegment(sums, target, Lanes.ORDER);
                target += 2 * ROW;
            }
        }
    }

    /// The same where 16-bit lanes can be shifted by a vector of counts, without masks: with activations `x1 - 16 x0`,
    /// `x2 - 16 x1`, `x3 - 16 x2` the higher nibbles that a shift leaves in a lane cancel out modulo 2^16.
    private static void nibblesWithoutMasks(
            MemorySegment weights,
            long offset,
            int[] x,
            int[] starts,
            int blocks,
            MemorySegment sums,
            int step) {
        ShortVector four = ShortVector.broadcast(Lanes.SHORTS, (short) 4);
        ShortVector eight = ShortVector.broadcast(Lanes.SHORTS, (short) 8);
        ShortVector twelve = ShortVector.broadcast(Lanes.SHORTS, (short) 12);
        long target = 0;
        int at = 0;
        for (int b = 0; b < blocks; b += step) {
            ShortVector even = ShortVector.zero(Lanes.SHORTS);
            ShortVector odd = ShortVector.zero(Lanes.SHORTS);
            for (int slice = 0; slice < 4; slice += step) {
                ShortVector bits =
                        IntVector.fromMemorySegment(Lanes.INTS, weights, offset, Lanes.ORDER)
                                .reinterpretAsShorts();
                even =
                        even.add(
                                        bits.mul(
                                                IntVector.broadcast(Lanes.INTS, x[at])
                                                        .reinterpretAsShorts()))
                                .add(
                                        bits.lanewise(VectorOperators.LSHR, four)
                                                .mul(
                                                        IntVector.broadcast(Lanes.INTS, x[at + 1])
                                                                .reinterpretAsShorts()));
                odd =
                        odd.add(
                                        bits.lanewise(VectorOperators.LSHR, eight)
                                                .mul(
                                                        IntVector.broadcast(Lanes.INTS, x[at + 2])
                                                                .reinterpretAsShorts()))
                                .add(
                                        bits.lanewise(VectorOperators.LSHR, twelve)
                                                .mul(
                                                        IntVector.broadcast(Lanes.INTS, x[at + 3])
                                                                .reinterpretAsShorts()));
                offset += 64;
                at += 4;
            }
            IntVector pairs =
                    even.add(odd)
                            .add(IntVector.broadcast(Lanes.INTS, starts[b]).reinterpretAsShorts())
                            .reinterpretAsInts();
            pairs.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(pairs.lanewise(VectorOperators.ASHR, 16))
                    .add(FLOAT_BITS)
                    .intoMemorySegment(sums, target, Lanes.ORDER);
            target += ROW;
        }
    }

    /// The integer sums of each run of `slices` of bytes. A 16-bit lane of unsigned bytes `(w0, w1)` gives
    /// `w0 x0 + w1 x1 - 128 (x0 + x1) + 32768`, between 256 and 65,280.
    private static void bytes(
            MemorySegment weights,
            long offset,
            int[] x,
            int runs,
            int slices,
            MemorySegment sums,
            int step) {
        IntVector mask = IntVector.broadcast(Lanes.INTS, 0x00FF00FF);
        long target = 0;
        int at = 0;
        for (int run = 0; run < runs; run += step) {
            // Two biased pair sums a slice are 32,768 too much each.
            IntVector low = IntVector.broadcast(Lanes.INTS, FLOAT_BITS - 2 * slices * 32768);
            IntVector high = IntVector.zero(Lanes.INTS);
            for (int slice = 0; slice < slices; slice += step) {
                IntVector bits =
                        IntVector.fromMemorySegment(Lanes.INTS, weights, offset, Lanes.ORDER);
                IntVector pairs =
                        bits.and(mask)
                                .reinterpretAsShorts()
                                .mul(IntVector.broadcast(Lanes.INTS, x[at]).reinterpretAsShorts())
                                .add(
                                        bits.lanewise(VectorOperators.LSHR, 8)
                                                .and(mask)
                                                .reinterpretAsShorts()
                                                .mul(
                                                        IntVector.broadcast(Lanes.INTS, x[at + 1])
                                                                .reinterpretAsShorts()))
                                .add(
                                        IntVector.broadcast(Lanes.INTS, x[at + 2])
                                                .reinterpretAsShorts())
                                .reinterpretAsInts();
                low = low.add(pairs);
                high = high.add(pairs.lanewise(VectorOperators.LSHR, 16));
                offset += 64;
                at += 3;
            }
            // `low` holds the low halves' sum plus 65,536 times the high halves' sum, which `high`
            // holds alone.
            low.add(high)
                    .sub(high.lanewise(VectorOperators.LSHL, 16))
                    .intoMemorySegment(sums, target, Lanes.ORDER);
            target += ROW;
        }
    }

    /// The first row of `sums` becomes the total of `(sum * dx) * scale` over the blocks.
    private static void scale(
            MemorySegment scales, long at, float[] dx, int blocks, MemorySegment sums, int step) {
        FloatVector total = FloatVector.zero(Lanes.FLOATS);
        long source = 0;
        for (int b = 0; b < blocks; b += step) {
            FloatVector scale =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(
                                                    Lanes.HALVES, scales, at, Lanes.ORDER)
                                            .convertShape(VectorOperators.S2I, Lanes.INTS, 0))
                            .lanewise(VectorOperators.LSHL, 13)
                            .and(Lanes.HALF_BITS)
                            .reinterpretAsFloats()
                            .mul(Lanes.HALF_BIAS);
            FloatVector sum =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, sums, source, Lanes.ORDER)
                            .sub(FLOAT_BASE);
            total = sum.mul(FloatVector.broadcast(Lanes.FLOATS, dx[b])).fma(scale, total);
            source += ROW;
            at += 32;
        }
        total.intoMemorySegment(sums, 0, Lanes.ORDER);
    }

    /// [#scale] with f32 scales, one or two a block.
    private static void scaleWide(
            MemorySegment scales,
            long at,
            float[] dx,
            int blocks,
            int runs,
            MemorySegment sums,
            int step) {
        FloatVector total = FloatVector.zero(Lanes.FLOATS);
        long source = 0;
        for (int run = 0; run < blocks * runs; run += step) {
            FloatVector scale =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, scales, at, Lanes.ORDER);
            FloatVector sum =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, sums, source, Lanes.ORDER)
                            .sub(FLOAT_BASE);
            total = sum.mul(FloatVector.broadcast(Lanes.FLOATS, dx[run / runs])).fma(scale, total);
            source += ROW;
            at += 64;
        }
        total.intoMemorySegment(sums, 0, Lanes.ORDER);
    }

    /// Adds `minimum * sx` of each block to the first row of `sums`.
    private static void addMinimums(
            MemorySegment minimums, long at, float[] sx, int blocks, MemorySegment sums, int step) {
        FloatVector total = FloatVector.fromMemorySegment(Lanes.FLOATS, sums, 0, Lanes.ORDER);
        for (int b = 0; b < blocks; b += step) {
            FloatVector minimum =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(
                                                    Lanes.HALVES, minimums, at, Lanes.ORDER)
                                            .convertShape(VectorOperators.S2I, Lanes.INTS, 0))
                            .lanewise(VectorOperators.LSHL, 13)
                            .and(Lanes.HALF_BITS)
                            .reinterpretAsFloats()
                            .mul(Lanes.HALF_BIAS);
            total = minimum.fma(FloatVector.broadcast(Lanes.FLOATS, sx[b]), total);
            at += 32;
        }
        total.intoMemorySegment(sums, 0, Lanes.ORDER);
    }

    /// [#addMinimums] with f32 minimums, one or two a block.
    private static void addWideMinimums(
            MemorySegment minimums, long at, float[] sx, int runs, MemorySegment sums, int step) {
        FloatVector total = FloatVector.fromMemorySegment(Lanes.FLOATS, sums, 0, Lanes.ORDER);
        for (int run = 0; run < runs; run += step) {
            FloatVector minimum =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, minimums, at, Lanes.ORDER);
            total = minimum.fma(FloatVector.broadcast(Lanes.FLOATS, sx[run]), total);
            at += 64;
        }
        total.intoMemorySegment(sums, 0, Lanes.ORDER);
    }

    private static void store(
            MemorySegment sums, MemorySegment y, long offset, boolean accumulate) {
        FloatVector total = FloatVector.fromMemorySegment(Lanes.FLOATS, sums, 0, Lanes.ORDER);
        if (accumulate) {
            total = FloatVector.fromMemorySegment(Lanes.FLOATS, y, offset, Lanes.ORDER).add(total);
        }
        total.intoMemorySegment(y, offset, Lanes.ORDER);
    }
}
