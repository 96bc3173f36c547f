package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;

import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;

import java.lang.foreign.MemorySegment;

/// Register tiles of prefill and attention: one pair of weight vectors against 6 tokens, 12 sums held in registers.
///
/// Written out because C2 keeps vectors in registers only as local variables of one method. Sums run over columns in
/// ascending order with fused multiply-adds, so a token's result does not depend on its neighbours in the tile.
final class Tiles {
    private static final long ROW = Lanes.PAIR * (long) Float.BYTES;
    private static final long HALF = Lanes.COUNT * (long) Float.BYTES;

    private Tiles() {}

    /// `sums[t] = sum of panel[column] * x[column, t]`.
    ///
    /// @param panel [columns, PAIR] f32, from byte `offset` on
    /// @param x [columns, 6], from index `at` on
    /// @param sums [6, PAIR], overwritten
    static void multiply(
            MemorySegment panel,
            long offset,
            int columns,
            float[] x,
            int at,
            MemorySegment sums,
            int step) {
        FloatVector a0 = FloatVector.zero(Lanes.FLOATS);
        FloatVector b0 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a1 = FloatVector.zero(Lanes.FLOATS);
        FloatVector b1 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a2 = FloatVector.zero(Lanes.FLOATS);
        FloatVector b2 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a3 = FloatVector.zero(Lanes.FLOATS);
        FloatVector b3 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a4 = FloatVector.zero(Lanes.FLOATS);
        FloatVector b4 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a5 = FloatVector.zero(Lanes.FLOATS);
        FloatVector b5 = FloatVector.zero(Lanes.FLOATS);
        for (int column = 0; column < columns; column += step) {
            FloatVector w0 =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, panel, offset, Lanes.ORDER);
            FloatVector w1 =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, panel, offset + HALF, Lanes.ORDER);
            FloatVector x0 = FloatVector.broadcast(Lanes.FLOATS, x[at]);
            a0 = w0.fma(x0, a0);
            b0 = w1.fma(x0, b0);
            FloatVector x1 = FloatVector.broadcast(Lanes.FLOATS, x[at + 1]);
            a1 = w0.fma(x1, a1);
            b1 = w1.fma(x1, b1);
            FloatVector x2 = FloatVector.broadcast(Lanes.FLOATS, x[at + 2]);
            a2 = w0.fma(x2, a2);
            b2 = w1.fma(x2, b2);
            FloatVector x3 = FloatVector.broadcast(Lanes.FLOATS, x[at + 3]);
            a3 = w0.fma(x3, a3);
            b3 = w1.fma(x3, b3);
            FloatVector x4 = FloatVector.broadcast(Lanes.FLOATS, x[at + 4]);
            a4 = w0.fma(x4, a4);
            b4 = w1.fma(x4, b4);
            FloatVector x5 = FloatVector.broadcast(Lanes.FLOATS, x[at + 5]);
            a5 = w0.fma(x5, a5);
            b5 = w1.fma(x5, b5);
            offset += ROW;
            at += 6;
        }
        a0.intoMemorySegment(sums, 0 * ROW, Lanes.ORDER);
        b0.intoMemorySegment(sums, 0 * ROW + HALF, Lanes.ORDER);
        a1.intoMemorySegment(sums, 1 * ROW, Lanes.ORDER);
        b1.intoMemorySegment(sums, 1 * ROW + HALF, Lanes.ORDER);
        a2.intoMemorySegment(sums, 2 * ROW, Lanes.ORDER);
        b2.intoMemorySegment(sums, 2 * ROW + HALF, Lanes.ORDER);
        a3.intoMemorySegment(sums, 3 * ROW, Lanes.ORDER);
        b3.intoMemorySegment(sums, 3 * ROW + HALF, Lanes.ORDER);
        a4.intoMemorySegment(sums, 4 * ROW, Lanes.ORDER);
        b4.intoMemorySegment(sums, 4 * ROW + HALF, Lanes.ORDER);
        a5.intoMemorySegment(sums, 5 * ROW, Lanes.ORDER);
        b5.intoMemorySegment(sums, 5 * ROW + HALF, Lanes.ORDER);
    }

    /// `totals[t] = sum over blocks of (sums[t] * dx[t]) * scale`, then with minimums the sum over blocks of
    /// `minimum * sx[t]` on top, where `sums[t]` are a block's integer products, exact in f32.
    ///
    /// @param panel integers and scales of a pair of vectors
    /// @param blocks blocks of 32 columns
    /// @param x [columns, 6], from index `at` on
    /// @param dx scales of the activations, [block, 6], from index `block` on
    /// @param sx scaled sums of the activations, [block, [run][PackedForm#runs], 6], from index `block * runs` on
    /// @param sums [6, PAIR], scratch
    /// @param totals [6, PAIR], overwritten
    static void blocks(
            Panel panel,
            PackedForm form,
            int blocks,
            float[] x,
            int at,
            float[] dx,
            float[] sx,
            int block,
            MemorySegment sums,
            MemorySegment totals,
            int step) {
        totals.fill((byte) 0);
        long offset = 0;
        int column = at;
        int columns = PackedMatrix.BLOCK / form.runs();
        for (int run = 0; run < blocks * form.runs(); run += step) {
            multiply(panel.numbers(), offset, columns, x, column, sums, step);
            int scale = block + run / form.runs() * VectorOperand.TILE;
            add(sums, panel.scales(), run * ROW, dx, scale, totals, step);
            offset += columns * ROW;
            column += columns * VectorOperand.TILE;
        }
        if (form.hasMinimums()) {
            for (int run = 0; run < blocks * form.runs(); run += step) {
                int scaledSum = block * form.runs() + run * VectorOperand.TILE;
                addMinimums(panel.minimums(), run * ROW, sx, scaledSum, totals, step);
            }
        }
    }

    private static void add(
            MemorySegment sums,
            MemorySegment scales,
            long offset,
            float[] dx,
            int block,
            MemorySegment totals,
            int step) {
        FloatVector w0 = FloatVector.fromMemorySegment(Lanes.FLOATS, scales, offset, Lanes.ORDER);
        FloatVector w1 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, scales, offset + HALF, Lanes.ORDER);
        long at = 0;
        for (int t = 0; t < VectorOperand.TILE; t += step) {
            FloatVector v = FloatVector.broadcast(Lanes.FLOATS, dx[block + t]);
            FloatVector.fromMemorySegment(Lanes.FLOATS, sums, at, Lanes.ORDER)
                    .mul(v)
                    .fma(w0, FloatVector.fromMemorySegment(Lanes.FLOATS, totals, at, Lanes.ORDER))
                    .intoMemorySegment(totals, at, Lanes.ORDER);
            at += HALF;
            FloatVector.fromMemorySegment(Lanes.FLOATS, sums, at, Lanes.ORDER)
                    .mul(v)
                    .fma(w1, FloatVector.fromMemorySegment(Lanes.FLOATS, totals, at, Lanes.ORDER))
                    .intoMemorySegment(totals, at, Lanes.ORDER);
            at += HALF;
        }
    }

    private static void addMinimums(
            MemorySegment minimums,
            long offset,
            float[] sx,
            int block,
            MemorySegment totals,
            int step) {
        FloatVector w0 = FloatVector.fromMemorySegment(Lanes.FLOATS, minimums, offset, Lanes.ORDER);
        FloatVector w1 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, minimums, offset + HALF, Lanes.ORDER);
        long at = 0;
        for (int t = 0; t < VectorOperand.TILE; t += step) {
            FloatVector v = FloatVector.broadcast(Lanes.FLOATS, sx[block + t]);
            w0.fma(v, FloatVector.fromMemorySegment(Lanes.FLOATS, totals, at, Lanes.ORDER))
                    .intoMemorySegment(totals, at, Lanes.ORDER);
            at += HALF;
            w1.fma(v, FloatVector.fromMemorySegment(Lanes.FLOATS, totals, at, Lanes.ORDER))
                    .intoMemorySegment(totals, at, Lanes.ORDER);
            at += HALF;
        }
    }
}
