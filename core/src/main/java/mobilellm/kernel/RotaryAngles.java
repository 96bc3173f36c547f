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
    private final float[] cosines;
    private final float[] sines;
    private final MemorySegment copy; // [rows, cosines and sines]

    /// @param rows the most rows of a batch
    /// @param rope frequencies and what cosines and sines are multiplied by
    public RotaryAngles(int rows, int headDim, Rope rope) {
        frequencies = rope.frequencies(headDim);
        factor = rope.attentionFactor();
        cosines = new float[rows * frequencies.length];
        sines = new float[rows * frequencies.length];
        copy = OffHeap.allocate(Arena.ofAuto(), 2L * rows * pairBytes());
    }

    /// Pairs of a head: half its width.
    public int pairs() {
        return frequencies.length;
    }

    /// Computes the angles of one row. In float64, so that long contexts lose nothing, and with `Math`: `StrictMath`
    /// allocates an array for each angle.
    public void set(int row, int position) {
        int at = row * pairs();
        for (int i = 0; i < pairs(); i++) {
            double angle = position * frequencies[i];
            cosines[at + i] = (float) (factor * Math.cos(angle));
            sines[at + i] = (float) (factor * Math.sin(angle));
        }
        long to = 2L * row * pairBytes();
        MemorySegment.copy(cosines, at, copy, ValueLayout.JAVA_FLOAT, to, pairs());
        MemorySegment.copy(sines, at, copy, ValueLayout.JAVA_FLOAT, to + pairBytes(), pairs());
    }

    private int pairBytes() {
        return pairs() * Float.BYTES;
    }

    /// Where the cosines of a row are and, right behind, its sines, for machine code.
    public long address(int row) {
        return copy.address() + 2L * row * pairBytes();
    }

    public float cosine(int row, int pair) {
        return cosines[row * pairs() + pair];
    }

    public float sine(int row, int pair) {
        return sines[row * pairs() + pair];
    }

    /// Cosines, [rows, pairs].
    public float[] cosines() {
        return cosines;
    }

    /// Sines, [rows, pairs].
    public float[] sines() {
        return sines;
    }
}
