package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import mobilellm.kernel.Activations;
import mobilellm.kernel.RotaryAngles;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Operations on single rows. Sums run in 16 partial sums whatever the width of a vector, so that their bits do not
/// depend on it.
final class Elementwise {
    private static final int PARTIAL_SUMS = 16;

    private Elementwise() {}

    static void rmsNorm(
            Activations x,
            Activations weight,
            double epsilon,
            Activations target,
            int row,
            float[] sums) {
        normalise(
                x.data(),
                x.offset(row),
                x.columns(),
                weight.data(),
                epsilon,
                target.data(),
                target.offset(row),
                sums);
    }

    static void normaliseHeads(
            Activations x, int heads, Activations weight, double epsilon, int row, float[] sums) {
        for (int head = 0; head < heads; head++) {
            long at = x.offset(row) + 4L * weight.columns() * head;
            normalise(x.data(), at, weight.columns(), weight.data(), epsilon, x.data(), at, sums);
        }
    }

    /// `target = x / sqrt(mean(x^2) + epsilon) * weight` for `count` numbers, which may be written over themselves.
    private static void normalise(
            MemorySegment x,
            long at,
            int count,
            MemorySegment weight,
            double epsilon,
            MemorySegment target,
            long targetAt,
            float[] sums) {
        int whole = count / PARTIAL_SUMS * PARTIAL_SUMS;
        for (int lane = 0; lane < PARTIAL_SUMS; lane += Lanes.COUNT) {
            FloatVector sum = FloatVector.zero(Lanes.FLOATS);
            for (int i = lane; i < whole; i += PARTIAL_SUMS) {
                FloatVector value =
                        FloatVector.fromMemorySegment(Lanes.FLOATS, x, at + 4L * i, Lanes.ORDER);
                sum = value.fma(value, sum);
            }
            sum.intoArray(sums, lane);
        }
        for (int i = whole; i < count; i++) {
            float value = x.get(ValueLayout.JAVA_FLOAT, at + 4L * i);
            sums[i - whole] = Math.fma(value, value, sums[i - whole]);
        }
        float squares = 0;
        for (float sum : sums) {
            squares += sum;
        }
        float scale = (float) (1 / Math.sqrt(squares / count + epsilon));
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            FloatVector.fromMemorySegment(Lanes.FLOATS, x, at + 4L * i, Lanes.ORDER)
                    .mul(scale)
                    .mul(FloatVector.fromMemorySegment(Lanes.FLOATS, weight, 4L * i, Lanes.ORDER))
                    .intoMemorySegment(target, targetAt + 4L * i, Lanes.ORDER);
        }
        for (int i = whole; i < count; i++) {
            float value = x.get(ValueLayout.JAVA_FLOAT, at + 4L * i);
            target.set(
                    ValueLayout.JAVA_FLOAT,
                    targetAt + 4L * i,
                    value * scale * weight.get(ValueLayout.JAVA_FLOAT, 4L * i));
        }
    }

    /// The largest number of a whole block of columns; NaN where one is not finite.
    static float largestOfBlock(Activations x, int row, int block) {
        long at = x.offset(row) + 4L * block * Activations.BLOCK;
        FloatVector largest =
                FloatVector.fromMemorySegment(Lanes.FLOATS, x.data(), at, Lanes.ORDER);
        FloatVector zeros = largest.mul(0); // NaN where a number is not finite
        for (int i = Lanes.COUNT; i < Activations.BLOCK; i += Lanes.COUNT) {
            FloatVector next =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, x.data(), at + 4L * i, Lanes.ORDER);
            largest = largest.max(next);
            zeros = zeros.add(next.mul(0));
        }
        return largest.reduceLanes(VectorOperators.MAX) + zeros.reduceLanes(VectorOperators.ADD);
    }

    /// `y += bias` on columns `from` to `to`.
    static void add(Activations y, Activations bias, int row, int from, int to) {
        long at = y.offset(row);
        for (int i = from; i < to; i += Lanes.COUNT) {
            FloatVector.fromMemorySegment(Lanes.FLOATS, y.data(), at + 4L * i, Lanes.ORDER)
                    .add(
                            FloatVector.fromMemorySegment(
                                    Lanes.FLOATS, bias.data(), 4L * i, Lanes.ORDER))
                    .intoMemorySegment(y.data(), at + 4L * i, Lanes.ORDER);
        }
    }

    /// `x = max(x, 0)` on columns `from` to `to`.
    static void relu(Activations x, int row, int from, int to) {
        for (int i = from; i < to; i += Lanes.COUNT) {
            long at = x.offset(row) + 4L * i;
            FloatVector.fromMemorySegment(Lanes.FLOATS, x.data(), at, Lanes.ORDER)
                    .max(0)
                    .intoMemorySegment(x.data(), at, Lanes.ORDER);
        }
    }

    /// `gate = gate / (1 + e^-gate) * up` on columns `from` to `to`.
    ///
    /// @param exponentials overwritten
    static void swiGlu(
            Activations gate,
            Activations up,
            int row,
            int from,
            int to,
            MemorySegment exponentials,
            int step) {
        long gateAt = gate.offset(row) + 4L * from;
        long upAt = up.offset(row) + 4L * from;
        Exponential.of(gate.data(), gateAt, -1, 0, exponentials, 0, to - from, step);
        multiplySilu(gate.data(), gateAt, up.data(), upAt, exponentials, to - from, step);
    }

    private static void multiplySilu(
            MemorySegment gate,
            long gateAt,
            MemorySegment up,
            long upAt,
            MemorySegment exponentials,
            int count,
            int step) {
        for (int i = 0; i < count; i += Lanes.COUNT * step) {
            FloatVector exponential =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, exponentials, 4L * i, Lanes.ORDER);
            FloatVector.fromMemorySegment(Lanes.FLOATS, gate, gateAt, Lanes.ORDER)
                    .div(exponential.add(1))
                    .mul(FloatVector.fromMemorySegment(Lanes.FLOATS, up, upAt, Lanes.ORDER))
                    .intoMemorySegment(gate, gateAt, Lanes.ORDER);
            gateAt += 4L * Lanes.COUNT;
            upAt += 4L * Lanes.COUNT;
        }
    }

    static void rotate(Activations x, int heads, RotaryAngles angles, int row) {
        int pairs = angles.pairs();
        int whole = pairs / Lanes.COUNT * Lanes.COUNT;
        MemorySegment data = x.data();
        for (int head = 0; head < heads; head++) {
            long offset = x.offset(row) + 8L * pairs * head;
            for (int i = 0; i < whole; i += Lanes.COUNT) {
                FloatVector cosine =
                        FloatVector.fromMemorySegment(
                                Lanes.FLOATS, angles.data(), angles.offset(row, i), Lanes.ORDER);
                FloatVector sine =
                        FloatVector.fromMemorySegment(
                                Lanes.FLOATS,
                                angles.data(),
                                angles.offset(row, pairs + i),
                                Lanes.ORDER);
                FloatVector first =
                        FloatVector.fromMemorySegment(
                                Lanes.FLOATS, data, offset + 4L * i, Lanes.ORDER);
                FloatVector second =
                        FloatVector.fromMemorySegment(
                                Lanes.FLOATS, data, offset + 4L * (pairs + i), Lanes.ORDER);
                first.mul(cosine)
                        .sub(second.mul(sine))
                        .intoMemorySegment(data, offset + 4L * i, Lanes.ORDER);
                second.mul(cosine)
                        .add(first.mul(sine))
                        .intoMemorySegment(data, offset + 4L * (pairs + i), Lanes.ORDER);
            }
            for (int i = whole; i < pairs; i++) {
                int at = head * 2 * pairs + i;
                float first = x.get(row, at);
                float second = x.get(row, at + pairs);
                float cosine = angles.cosine(row, i);
                float sine = angles.sine(row, i);
                x.set(row, at, first * cosine - second * sine);
                x.set(row, at + pairs, second * cosine + first * sine);
            }
        }
    }
}
