package mobilellm.kernel;

import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.RowOrder;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A weight matrix [rows, columns] in the one layout that all providers read: `y = W x`.
///
/// Rows lie in groups of 16, one vector lane a row, so that a matrix-vector product needs no horizontal sums: an
/// activation is broadcast and meets 16 rows at once. Missing rows of the last group are zero.
///
/// - Quantised types: for each group and each block of 32 columns, `quants` holds slices of 64 bytes = 16 rows x 4
///   bytes. Q8_0: 8 slices, slice `c` holds columns `4c..4c+3`, stored +128 (unsigned). Q4_0 and Q4_1: 4 slices, the
///   low nibbles hold columns `4c..4c+3`, the high nibbles columns `16+4c..16+4c+3`. `scales` and, where there are any,
///   `minimums` hold 16 [factors][PackedForm#factors] a block.
/// - Plain types: for each group and each column, 16 elements of `type`.
///
/// Stored types that kernels do not run become one of theirs that holds the same numbers: [PackedForm].
public final class PackedMatrix {
    /// Rows of a group.
    public static final int GROUP = 16;

    /// Columns of a block of the quantised types.
    public static final int BLOCK = 32;

    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private final PackedForm form;
    private final int rows;
    private final int columns;
    private final MemorySegment quants;
    private final MemorySegment scales;
    private final MemorySegment minimums;

    /// Room for a matrix of zeros.
    PackedMatrix(Arena arena, PackedForm form, int rows, int columns) {
        this.form = form;
        this.rows = rows;
        this.columns = columns;
        long factors = groups() * groupFactorBytes();
        quants = OffHeap.allocate(arena, groups() * groupBytes());
        scales = OffHeap.allocate(arena, factors);
        minimums = OffHeap.allocate(arena, form.hasMinimums() ? factors : 0);
    }

    /// Packs a tensor with plain loops; [Packing] is for whole models.
    ///
    /// @throws IllegalArgumentException if it holds whole numbers
    /// @throws MalformedFileException if it holds infinities or NaN, or the file behind it became shorter since it was opened
    public static PackedMatrix pack(Tensor tensor, Arena arena, ThreadTeam team) {
        return pack(tensor, PackedForm.of(tensor.type()), arena, team);
    }

    static PackedMatrix pack(Tensor tensor, PackedForm form, Arena arena, ThreadTeam team) {
        var packing = new Packing(arena, _ -> new LoopPacker());
        PackedMatrix matrix = packing.add(tensor, RowOrder.STORED, form);
        packing.run(team);
        return matrix;
    }

    public PackedForm form() {
        return form;
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    public int groups() {
        return Math.ceilDiv(rows, GROUP);
    }

    /// Blocks of 32 columns in a row of a quantised type.
    public int blocks() {
        return Math.ceilDiv(columns, BLOCK);
    }

    public MemorySegment quants() {
        return quants;
    }

    /// Scales, [group, block, [run][PackedForm#runs], 16]; empty for plain types.
    public MemorySegment scales() {
        return scales;
    }

    /// Minimums, [group, block, [run][PackedForm#runs], 16]; empty unless the form [has them][PackedForm#hasMinimums].
    public MemorySegment minimums() {
        return minimums;
    }

    /// Steps of a product: blocks of a quantised form, columns of a plain one.
    public int steps() {
        return form.steps(columns);
    }

    /// Bytes of `quants` from one group of rows to the next.
    public long groupBytes() {
        return (long) steps() * form.weightBytes();
    }

    /// Bytes of `scales` from one group of rows to the next, and of `minimums`.
    public long groupFactorBytes() {
        return (long) blocks() * form.factorBytes();
    }

    /// Bytes of the packed form.
    public long bytes() {
        return form.bytes(rows, columns);
    }

    /// One row, dequantised: the embedding of a token. Same bits as dequantising the tensor gives for the tensor.
    ///
    /// Plain loops over one kind of block each: the scalar kernels spend their time here.
    public void readRow(int row, float[] target) {
        if (form.isQuantised() && columns % BLOCK > 0) {
            float[] whole = new float[blocks() * BLOCK];
            readBytes(row / GROUP, row % GROUP, whole);
            System.arraycopy(whole, 0, target, 0, columns);
            return;
        }
        int group = row / GROUP;
        int lane = row % GROUP;
        DType type = form.type();
        switch (type) {
            case Q8_0 -> readBytes(group, lane, target);
            case Q4_0 -> readNibbles(group, lane, 8, target);
            case Q4_1 -> readNibbles(group, lane, 0, target);
            default -> readPlain(group * groupBytes() + (long) lane * type.blockBytes(), target);
        }
        if (form.hasMinimums()) {
            addMinimums(group, lane, target);
        }
    }

    private void readPlain(long start, float[] target) {
        switch (form.type()) {
            case F32 -> {
                for (int i = 0; i < columns; i++) {
                    int bits = quants.get(INT, start + (long) i * GROUP * Integer.BYTES);
                    target[i] = Float.intBitsToFloat(bits);
                }
            }
            case F16 -> {
                for (int i = 0; i < columns; i++) {
                    short bits = quants.get(SHORT, start + (long) i * GROUP * Short.BYTES);
                    target[i] = Float.float16ToFloat(bits);
                }
            }
            default -> {
                for (int i = 0; i < columns; i++) {
                    short bits = quants.get(SHORT, start + (long) i * GROUP * Short.BYTES);
                    target[i] = Float.intBitsToFloat(bits << 16);
                }
            }
        }
    }

    private void readBytes(int group, int lane, float[] target) {
        int runs = form.runs();
        long quant = group * groupBytes() + 4L * lane;
        for (int block = 0; block < blocks(); block++, quant += 512) {
            for (int slice = 0; slice < 8; slice++) {
                float scale = factor(scales, group, block * runs + slice * runs / 8, lane);
                int four = quants.get(INT, quant + 64L * slice) ^ 0x80808080;
                int column = block * BLOCK + 4 * slice;
                target[column] = scale * (byte) four;
                target[column + 1] = scale * (byte) (four >> 8);
                target[column + 2] = scale * (byte) (four >> 16);
                target[column + 3] = scale * (byte) (four >> 24);
            }
        }
    }

    private void readNibbles(int group, int lane, int zero, float[] target) {
        int runs = form.runs();
        long quant = group * groupBytes() + 4L * lane;
        for (int block = 0; block < blocks(); block++, quant += 256) {
            float low = factor(scales, group, block * runs, lane);
            float high = factor(scales, group, block * runs + runs - 1, lane);
            for (int slice = 0; slice < 4; slice++) {
                int eight = quants.get(INT, quant + 64L * slice);
                int column = block * BLOCK + 4 * slice;
                for (int i = 0; i < 4; i++) {
                    int pair = eight >>> (8 * i);
                    target[column + i] = low * ((pair & 15) - zero);
                    target[column + i + 16] = high * (((pair >>> 4) & 15) - zero);
                }
            }
        }
    }

    /// A pass of its own: adding a zero instead of a missing minimum would turn -0 into 0.
    private void addMinimums(int group, int lane, float[] target) {
        int width = BLOCK / form.runs();
        for (int run = 0; run < blocks() * form.runs(); run++) {
            float minimum = factor(minimums, group, run, lane);
            for (int i = run * width; i < (run + 1) * width; i++) {
                target[i] += minimum;
            }
        }
    }

    private float factor(MemorySegment factors, int group, int run, int lane) {
        long at = ((long) group * blocks() * form.runs() + run) * GROUP + lane;
        return form.factors() == DType.F32
                ? Float.intBitsToFloat(factors.get(INT, at * Integer.BYTES))
                : Float.float16ToFloat(factors.get(SHORT, at * Short.BYTES));
    }
}
