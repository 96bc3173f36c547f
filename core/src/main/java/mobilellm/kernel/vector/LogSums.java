package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import mobilellm.kernel.Activations;
import mobilellm.kernel.LogitReduction;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Sums of exponentials of logits, in 16 partial sums whatever the width of a vector.
final class LogSums {
    private final MemorySegment exponentials;
    private final float[] partialSums = new float[16];

    LogSums(Arena arena) {
        exponentials = arena.allocate((long) LogitReduction.TILE * Float.BYTES, 64);
    }

    /// See [mobilellm.kernel.Operations#addToLogSums].
    ///
    /// @param padded columns, a multiple of 16
    void add(Activations tile, int row, int padded, MemorySegment sums, MemorySegment largest) {
        int step = Lanes.step();
        FloatVector most = FloatVector.broadcast(Lanes.FLOATS, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < padded; i += Lanes.COUNT * step) {
            most = most.max(vector(tile.data(), tile.offset(row) + 4L * i));
        }
        float mostOfRow = most.reduceLanes(VectorOperators.MAX);
        float before = sums.getAtIndex(ValueLayout.JAVA_FLOAT, 2L * row);
        float all = Math.max(before, mostOfRow);
        Exponential.of(tile.data(), tile.offset(row), 1, all, exponentials, 0, padded, step);
        for (int lane = 0; lane < partialSums.length; lane += Lanes.COUNT) {
            FloatVector sum = FloatVector.zero(Lanes.FLOATS);
            for (int i = lane; i < padded; i += partialSums.length * step) {
                sum = sum.add(vector(exponentials, 4L * i));
            }
            sum.intoArray(partialSums, lane);
        }
        float total =
                sums.getAtIndex(ValueLayout.JAVA_FLOAT, 2L * row + 1)
                        * (float) Math.exp((double) before - all);
        for (float sum : partialSums) {
            total += sum;
        }
        largest.setAtIndex(ValueLayout.JAVA_FLOAT, row, mostOfRow);
        sums.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * row, all);
        sums.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * row + 1, total);
    }

    private static FloatVector vector(MemorySegment segment, long offset) {
        return FloatVector.fromMemorySegment(Lanes.FLOATS, segment, offset, Lanes.ORDER);
    }
}
