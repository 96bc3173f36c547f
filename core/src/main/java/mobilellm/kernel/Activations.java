package mobilellm.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A matrix of f32 activations, [rows, columns], one row a token, in 64-byte-aligned off-heap memory.
///
/// Rows are padded to a whole number of 32 columns; the padding is zero and stays zero, so that kernels work on whole
/// vectors and blocks and never need a tail.
public final class Activations {
    /// Columns that are rounded together, and of which [Operations#largestOfBlocks] finds the largest.
    public static final int BLOCK = 32;

    private final MemorySegment data;
    private final int rows;
    private final int columns;
    private final int stride;

    public Activations(Arena arena, int rows, int columns) {
        this.rows = rows;
        this.columns = columns;
        this.stride = Math.ceilDiv(columns, BLOCK) * BLOCK;
        this.data = OffHeap.allocate(arena, (long) rows * stride * Float.BYTES);
    }

    private Activations(Activations of, int rows) {
        this.rows = rows;
        this.columns = of.columns;
        this.stride = of.stride;
        this.data = of.data.asSlice(0, of.offset(rows));
    }

    /// The first row alone, in the same memory.
    public Activations firstRow() {
        return new Activations(this, 1);
    }

    public MemorySegment data() {
        return data;
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    /// Floats from one row to the next, a multiple of 32.
    public int stride() {
        return stride;
    }

    /// Byte offset of a row.
    public long offset(int row) {
        return (long) row * stride * Float.BYTES;
    }

    public float get(int row, int column) {
        return data.get(ValueLayout.JAVA_FLOAT, offset(row) + 4L * column);
    }

    public void set(int row, int column, float value) {
        data.set(ValueLayout.JAVA_FLOAT, offset(row) + 4L * column, value);
    }

    /// Copies `count` values of a row, from `column` on.
    public void read(int row, int column, float[] target, int offset, int count) {
        MemorySegment.copy(
                data, ValueLayout.JAVA_FLOAT, offset(row) + 4L * column, target, offset, count);
    }

    /// Overwrites `count` values of a row, from `column` on.
    public void write(int row, int column, float[] source, int offset, int count) {
        MemorySegment.copy(
                source, offset, data, ValueLayout.JAVA_FLOAT, offset(row) + 4L * column, count);
    }

    /// The largest number of a row's [#BLOCK] columns from `column` on, or of what is left of them; NaN where one is not
    /// finite.
    public float largestOfBlock(int row, int column) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = column; i < Math.min(columns, column + BLOCK); i++) {
            float value = get(row, i);
            largest = Float.isFinite(value) ? Math.max(largest, value) : Float.NaN;
            if (Float.isNaN(largest)) {
                break;
            }
        }
        return largest;
    }

    /// Overwrites row `to` with row `from`.
    public void copyRow(int from, int to) {
        if (from != to) {
            MemorySegment.copy(data, offset(from), data, offset(to), (long) stride * Float.BYTES);
        }
    }
}
