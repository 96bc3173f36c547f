package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import mobilellm.kernel.Activations;
import mobilellm.kernel.Operand;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.tensor.DType;

import java.lang.foreign.MemorySegment;
import java.util.Set;

/// Activations in the forms that the products read.
///
/// int8: each block of 32 columns of a row becomes `round(x * 127 / max|x|)` with the f32 scale `max|x| / 127`.
/// - One row (decode): pairs of 16-bit numbers in the order in which weights fall into 16-bit lanes.
/// - More rows (prefill): tiles of 6 rows, [tile, column, 6], the integers as f32, in which their products and sums over a
///   block are exact as well.
///
/// f32, for plain weights: the same tiles of the values themselves.
final class VectorOperand extends Operand {
    /// Rows of a tile: with two vectors of weights, 12 sums, 2 weights and 1 activation fill the 16 registers that C2 uses.
    static final int TILE = 6;

    /// Adding and subtracting 1.5 * 2^23 rounds an f32 of small magnitude to the nearest integer, ties to even.
    private static final float ROUND = 0x1.8p23f;

    /// Blocks below this are zero: 127 / max would overflow.
    private static final float TINY = 1e-30f;

    private final int columns;
    private final int blocks;
    private final boolean wholeRows;
    private final boolean nibbles;
    private final boolean bytes;
    private final boolean plain;
    private final boolean fine;
    private final float[] tiles;
    private final float[] plainTiles;
    private final float[] scales;
    private final float[] scaledSums;
    private final float[] fineScaledSums;
    private final int[] nibblePairs;
    private final int[] plainPairs;
    private final int[] nibbleStarts;
    private final int[] byteTriples;
    private final int[] zeros;

    /// @param weights forms of the matrices that the rows will meet; only their forms are made
    VectorOperand(Activations values, Set<PackedForm> weights) {
        super(values);
        this.columns = values.columns();
        blocks = Math.ceilDiv(columns, PackedMatrix.BLOCK);
        wholeRows = PackedForm.wholeRows(weights);
        bytes = weights.stream().anyMatch(form -> form.type() == DType.Q8_0);
        plain = !weights.stream().allMatch(PackedForm::isQuantised);
        nibbles =
                weights.stream().anyMatch(form -> form.isQuantised() && form.type() != DType.Q8_0);
        fine = weights.stream().anyMatch(form -> form.hasMinimums() && form.runs() > 1);
        boolean int8 = nibbles || bytes;
        int padded = Math.ceilDiv(values.rows(), TILE) * TILE;
        tiles = new float[int8 ? padded * blocks * PackedMatrix.BLOCK : 0];
        plainTiles = new float[plain ? padded * columns : 0];
        scales = new float[int8 ? padded * blocks : 0];
        scaledSums = new float[int8 ? padded * blocks : 0];
        fineScaledSums = new float[fine ? 2 * scaledSums.length : 0];
        nibblePairs = new int[nibbles ? 16 * blocks : 0];
        plainPairs = new int[fine ? 16 * blocks : 0];
        nibbleStarts = new int[nibbles ? blocks : 0];
        zeros = new int[nibbles ? blocks : 0];
        byteTriples = new int[bytes ? 24 * blocks : 0];
    }

    /// Makes the forms for a whole tile, or for the single row of decode.
    void prepare(int tile, int rows, float[] scratch) {
        int first = tile * TILE;
        int count = Math.min(TILE, rows - first);
        for (int t = 0; t < count; t++) {
            if (plain) {
                values().read(first + t, 0, scratch, 0, columns);
                scatter(scratch, columns, plainTiles, tile * TILE * columns + t);
            }
            if (nibbles || bytes) {
                if (rows == 1) {
                    quantise(first, 0, 1, tiles);
                    arrange(tiles);
                } else {
                    quantise(first + t, tile * TILE * blocks + t, TILE, scratch);
                    int whole = blocks * PackedMatrix.BLOCK;
                    scatter(scratch, whole, tiles, tile * TILE * whole + t);
                }
            }
        }
    }

    private static void scatter(float[] row, int count, float[] target, int at) {
        for (int i = 0; i < count; i++) {
            target[at + i * TILE] = row[i];
        }
    }

    /// Integers of one row to `target`, scale and scaled sum of block `b` to index `at + b * stride`.
    private void quantise(int row, int at, int stride, float[] target) {
        long offset = values().offset(row);
        float ofRow = wholeRows ? largest(offset, blocks * PackedMatrix.BLOCK) : 0;
        for (int b = 0; b < blocks; b++) {
            float largest = wholeRows ? ofRow : largest(offset, PackedMatrix.BLOCK);
            float scale = largest < TINY ? 0 : largest / 127;
            float sum = round(offset, largest, scale, target, b * PackedMatrix.BLOCK);
            scale = Float.intBitsToFloat(Float.floatToRawIntBits(scale) & SCALE_MASK);
            scales[at + b * stride] = scale;
            scaledSums[at + b * stride] = scale * sum;
            if (fine) {
                int run = 2 * (at - at % stride + b * stride) + at % stride;
                float first = sum(target, b * PackedMatrix.BLOCK);
                fineScaledSums[run] = scale * first;
                fineScaledSums[run + stride] = scale * (sum - first);
            }
            offset += 4L * PackedMatrix.BLOCK;
        }
    }

    /// The sum of the first half of a block's integers, exact.
    private static float sum(float[] integers, int from) {
        float sum = 0;
        for (int i = from; i < from + PackedMatrix.BLOCK / 2; i++) {
            sum += integers[i];
        }
        return sum;
    }

    private float largest(long offset, int count) {
        MemorySegment x = values().data();
        FloatVector magnitude = FloatVector.zero(Lanes.FLOATS);
        for (int i = 0; i < count; i += Lanes.COUNT) {
            magnitude =
                    magnitude.max(
                            FloatVector.fromMemorySegment(
                                            Lanes.FLOATS, x, offset + 4L * i, Lanes.ORDER)
                                    .abs());
        }
        return magnitude.reduceLanes(VectorOperators.MAX);
    }

    /// Rounds a block and returns the sum of its integers: `x * (127 / largest)`, or `x / scale` where the row has one scale.
    private float round(long offset, float largest, float scale, float[] target, int to) {
        float inverse = largest < TINY ? 0 : 127 / largest;
        float divisor = largest < TINY ? Float.POSITIVE_INFINITY : scale;
        FloatVector total = FloatVector.zero(Lanes.FLOATS);
        for (int i = 0; i < PackedMatrix.BLOCK; i += Lanes.COUNT) {
            FloatVector x =
                    FloatVector.fromMemorySegment(
                            Lanes.FLOATS, values().data(), offset + 4L * i, Lanes.ORDER);
            FloatVector q = (wholeRows ? x.div(divisor) : x.mul(inverse)).add(ROUND).sub(ROUND);
            q.intoArray(target, to + i);
            total = total.add(q);
        }
        return total.reduceLanes(VectorOperators.ADD);
    }

    /// The forms of decode, see [MatrixVector].
    private void arrange(float[] q) {
        for (int b = 0; b < blocks; b++) {
            if (nibbles) {
                arrangeNibbles(q, b);
            }
            if (bytes) {
                arrangeBytes(q, b);
            }
        }
    }

    private void arrangeNibbles(float[] q, int block) {
        int even = 0;
        int odd = 0;
        for (int slice = 0; slice < 4; slice++) {
            int at = block * 16 + 4 * slice;
            int x = block * PackedMatrix.BLOCK + 4 * slice;
            int first = pair(q[x], q[x + 2]);
            int second = pair(q[x + 16], q[x + 18]);
            int third = pair(q[x + 1], q[x + 3]);
            int fourth = pair(q[x + 17], q[x + 19]);
            if (fine) {
                plainPairs[at] = first;
                plainPairs[at + 1] = second;
                plainPairs[at + 2] = third;
                plainPairs[at + 3] = fourth;
            }
            nibblePairs[at] = first;
            nibblePairs[at + 1] = Lanes.SHIFTS_SHORTS ? lessSixteenTimes(second, first) : second;
            nibblePairs[at + 2] = Lanes.SHIFTS_SHORTS ? lessSixteenTimes(third, second) : third;
            nibblePairs[at + 3] = Lanes.SHIFTS_SHORTS ? lessSixteenTimes(fourth, third) : fourth;
            even += (int) (q[x] + q[x + 1] + q[x + 16] + q[x + 17]);
            odd += (int) (q[x + 2] + q[x + 3] + q[x + 18] + q[x + 19]);
        }
        nibbleStarts[block] = pair(-8 * even, -8 * odd);
    }

    private void arrangeBytes(float[] q, int block) {
        for (int slice = 0; slice < 8; slice++) {
            int at = block * 24 + 3 * slice;
            int x = block * PackedMatrix.BLOCK + 4 * slice;
            byteTriples[at] = pair(q[x], q[x + 2]);
            byteTriples[at + 1] = pair(q[x + 1], q[x + 3]);
            byteTriples[at + 2] =
                    pair(32768 - 128 * (q[x] + q[x + 1]), 32768 - 128 * (q[x + 2] + q[x + 3]));
        }
    }

    /// `pair - 16 other` in each 16-bit half.
    private static int lessSixteenTimes(int pair, int other) {
        int high = (pair >> 16) - 16 * (other >> 16);
        return (high << 16) | (((short) pair - 16 * (short) other) & 0xFFFF);
    }

    private static int pair(float low, float high) {
        return ((int) high << 16) | ((int) low & 0xFFFF);
    }

    /// Index of what belongs to step `step` of `steps` of a row, in arrays [tile, step, 6], or of one number a step for a single row.
    static int index(int rows, int row, int step, int steps) {
        return rows == 1 ? step : tileIndex(row, step, steps);
    }

    static int tileIndex(int row, int step, int steps) {
        return (row / TILE * steps + step) * TILE + row % TILE;
    }

    /// Reads the integers of a block of a row.
    void readBlock(int rows, int row, int block, int[] target) {
        int at = index(rows, row, block * PackedMatrix.BLOCK, blocks * PackedMatrix.BLOCK);
        for (int i = 0; i < PackedMatrix.BLOCK; i++) {
            target[i] = (int) tiles[at];
            at += rows == 1 ? 1 : TILE;
        }
    }

    /// Tiles of integers as f32, [tile, column, 6]; of a single row one after the other.
    float[] tiles() {
        return tiles;
    }

    /// Tiles of the values themselves, [tile, column, 6].
    float[] plainTiles() {
        return plainTiles;
    }

    /// Scales of the blocks: [tile, block, 6], or one a block for a single row.
    float[] scales() {
        return scales;
    }

    /// Scale times the sum of the integers that meet a minimum of that form: of a block, in the order of [#scales], or of each
    /// half of one, [tile, block, 2, 6].
    float[] scaledSums(PackedForm form) {
        return form.runs() > 1 ? fineScaledSums : scaledSums;
    }

    /// Decode, nibbles: for each slice the columns `(x, x+2) (x+16, x+18) (x+1, x+3) (x+17, x+19)` as 16-bit pairs, where
    /// [Lanes#SHIFTS_SHORTS] each less 16 times the one before.
    int[] nibblePairs() {
        return nibblePairs;
    }

    /// Decode, nibbles with a scale for each half of a block: the pairs of [#nibblePairs] as they are.
    int[] plainPairs() {
        return plainPairs;
    }

    /// Decode, Q4_0: -8 times the sums of the even and the odd lanes' columns, as a 16-bit pair.
    int[] nibbleStarts() {
        return nibbleStarts;
    }

    /// Decode, Q4_1: sums start at zero.
    int[] zeros() {
        return zeros;
    }

    /// Decode, bytes: for each slice `(x, x+2) (x+1, x+3)` and what makes the pair sums unsigned.
    int[] byteTriples() {
        return byteTriples;
    }
}
