package mobilellm.kernel;

import mobilellm.quant.Block;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Brings rows from their stored type into a [PackedForm]. A converted row is its blocks one after the other: scales, minimums
/// where there are any, integers as in Q8_0, Q4_0 or Q4_1. One thread uses it.
final class RowConverter {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final int COLUMNS = PackedMatrix.BLOCK;

    private final DType stored;
    private final PackedForm form;
    private final int columns;
    private final MemorySegment row;
    private final Block block = new Block();
    private final float[] numbers;

    RowConverter(DType stored, PackedForm form, int columns) {
        this.stored = stored;
        this.form = form;
        this.columns = columns;
        numbers = new float[columns];
        long groupBytes = form.bytes(PackedMatrix.GROUP, columns);
        row = MemorySegment.ofArray(new byte[Math.toIntExact(groupBytes / PackedMatrix.GROUP)]);
    }

    /// The row that was converted last is overwritten.
    ///
    /// @param bytes a row as it lies in the file
    MemorySegment convert(byte[] bytes) {
        if (form.isStored(stored)) {
            return MemorySegment.ofArray(bytes);
        }
        if (form == PackedForm.F32) {
            MemorySegment.copy(numbers(bytes), 0, row, FLOAT, 0, columns);
            return row;
        }
        if (form == PackedForm.W8A8) {
            roundToBytes(numbers(bytes));
            return row;
        }
        long to = 0;
        for (int at = 0; at < bytes.length; at += stored.blockBytes()) {
            block.read(stored, bytes, at);
            for (int first = 0; first < stored.blockSize(); first += COLUMNS) {
                int run = first / Block.RUN;
                for (int i = 0; i < form.runs(); i++) {
                    to = write(block.scales()[run + i], to);
                }
                for (int i = 0; form.hasMinimums() && i < form.runs(); i++) {
                    to = write(block.minimums()[run + i], to);
                }
                to = form.type() == DType.Q8_0 ? writeBytes(first, to) : writeNibbles(first, to);
            }
        }
        return row;
    }

    private float[] numbers(byte[] bytes) {
        Dequantise.toFloat(stored, MemorySegment.ofArray(bytes), 0, numbers, 0, columns);
        return numbers;
    }

    /// `round(w / scale)` with `scale = max|w| / 127`, ties to even: weights of 16 bits often are ties, which another order of operations
    /// would round elsewhere.
    private void roundToBytes(float[] weights) {
        float largest = 0;
        for (float weight : weights) {
            largest = Math.max(largest, Math.abs(weight));
        }
        float scale = largest / 127;
        for (int first = 0, to = 0;
                first < columns;
                first += COLUMNS, to += Float.BYTES + COLUMNS) {
            row.set(FLOAT, to, scale);
            for (int i = 0; i < Math.min(COLUMNS, columns - first); i++) {
                int rounded = scale == 0 ? 0 : (int) Math.rint(weights[first + i] / scale);
                // Only a scale that is subnormal itself lets numbers exceed 127.
                byte bounded = (byte) Math.clamp(rounded, -127, 127);
                row.set(ValueLayout.JAVA_BYTE, to + Float.BYTES + i, bounded);
            }
        }
    }

    private long write(float factor, long to) {
        if (form.factors() == DType.F32) {
            row.set(FLOAT, to, factor);
        } else {
            row.set(SHORT, to, Float.floatToFloat16(factor));
        }
        return to + form.factors().blockBytes();
    }

    private long writeBytes(int first, long to) {
        MemorySegment.copy(block.quants(), first, row, ValueLayout.JAVA_BYTE, to, COLUMNS);
        return to + COLUMNS;
    }

    /// Low nibbles are the first half of the columns, high ones the second.
    private long writeNibbles(int first, long to) {
        int half = COLUMNS / 2;
        for (int i = 0; i < half; i++) {
            int pair = block.quants()[first + i] | (block.quants()[first + half + i] << 4);
            row.set(ValueLayout.JAVA_BYTE, to + i, (byte) pair);
        }
        return to + half;
    }
}
