package mobilellm.kernel;

import mobilellm.config.Rope;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Cosines and sines of the rotary embedding for the rows of a batch, computed once a forward pass: pair `i` of a head at
/// position `p` turns by `p * frequencies[i]` (RoFormer, Su et al. 2021, equation 15).
public final class RotaryAngles {
    private final double[] frequencies;
    private final double factor;
    private final MemorySegment data;

    /// @param rows the most rows of a batch
    /// @param rope frequencies and what cosines and sines are multiplied by
    public RotaryAngles(int rows, int headDim, Rope rope) {
        frequencies = rope.frequencies(headDim);
        factor = rope.attentionFactor();
        data = OffHeap.allocate(Arena.ofAuto(), offset(rows, 0));
    }

    /// Pairs of a head: half its width.
    public int pairs() {
        return frequencies.length;
    }

    /// Computes the angles of one row. In float64, so that long contexts lose nothing, and with `Math`: `StrictMath`
    /// allocates an array for each angle.
    public void set(int row, int position) {
        for (int i = 0; i < pairs(); i++) {
            double angle = position * frequencies[i];
            set(row, i, factor * Math.cos(angle));
            set(row, pairs() + i, factor * Math.sin(angle));
        }
    }

    private void set(int row, int i, double value) {
        data.set(ValueLayout.JAVA_FLOAT, offset(row, i), (float) value);
    }

    public float cosine(int row, int pair) {
        return data.get(ValueLayout.JAVA_FLOAT, offset(row, pair));
    }

    public float sine(int row, int pair) {
        return data.get(ValueLayout.JAVA_FLOAT, offset(row, pairs() + pair));
    }

    /// `[rows, 2 * pairs]` f32: the cosines of a row and, right behind, its sines.
    public MemorySegment data() {
        return data;
    }

    /// Byte offset of number `i` of a row.
    public long offset(int row, int i) {
        return ((long) row * 2 * pairs() + i) * Float.BYTES;
    }
}
