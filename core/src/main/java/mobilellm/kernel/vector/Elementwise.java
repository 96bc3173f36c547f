package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;

import mobilellm.kernel.Activations;
import mobilellm.kernel.RotaryAngles;

import java.lang.foreign.MemorySegment;

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
        MemorySegment source = x.data();
        long offset = x.offset(row);
        for (int lane = 0; lane < PARTIAL_SUMS; lane += Lanes.COUNT) {
            FloatVector sum = FloatVector.zero(Lanes.FLOATS);
            for (int i = lane; i < x.stride(); i += PARTIAL_SUMS) {
                FloatVector value =
                        FloatVector.fromMemorySegment(
                                Lanes.FLOATS, source, offset + 4L * i, Lanes.ORDER);
                sum = value.fma(value, sum);
            }
            sum.intoArray(sums, lane);
        }
        float squares = 0;
        for (float sum : sums) {
            squares += sum;
        }
        float scale = (float) (1 / Math.sqrt(squares / x.columns() + epsilon));
        MemorySegment normalised = target.data();
        long targetOffset = target.offset(row);
        for (int i = 0; i < x.stride(); i += Lanes.COUNT) {
            FloatVector.fromMemorySegment(Lanes.FLOATS, source, offset + 4L * i, Lanes.ORDER)
                    .mul(scale)
                    .mul(
                            FloatVector.fromMemorySegment(
                                    Lanes.FLOATS, weight.data(), 4L * i, Lanes.ORDER))
                    .intoMemorySegment(normalised, targetOffset + 4L * i, Lanes.ORDER);
        }
    }

    /// `target = gate / (1 + e^-gate) * up` on columns `from` to `to`.
    static void swiGlu(
            Activations gate,
            Activations up,
            Activations target,
            int row,
            int from,
            int to,
            int step) {
        long gateAt = gate.offset(row) + 4L * from;
        long upAt = up.offset(row) + 4L * from;
        long targetAt = target.offset(row) + 4L * from;
        Exponential.of(gate.data(), gateAt, -1, 0, target.data(), targetAt, to - from, step);
        multiplySilu(
                gate.data(), gateAt, up.data(), upAt, target.data(), targetAt, to - from, step);
    }

    private static void multiplySilu(
            MemorySegment gate,
            long gateAt,
            MemorySegment up,
            long upAt,
            MemorySegment target,
            long targetAt,
            int count,
            int step) {
        for (int i = 0; i < count; i += Lanes.COUNT * step) {
            FloatVector exponential =
                    FloatVector.fromMemorySegment(Lanes.FLOATS, target, targetAt, Lanes.ORDER);
            FloatVector.fromMemorySegment(Lanes.FLOATS, gate, gateAt, Lanes.ORDER)
                    .div(exponential.add(1))
                    .mul(FloatVector.fromMemorySegment(Lanes.FLOATS, up, upAt, Lanes.ORDER))
                    .intoMemorySegment(target, targetAt, Lanes.ORDER);
            gateAt += 4L * Lanes.COUNT;
            upAt += 4L * Lanes.COUNT;
            targetAt += 4L * Lanes.COUNT;
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
                        FloatVector.fromArray(Lanes.FLOATS, angles.cosines(), row * pairs + i);
                FloatVector sine =
                        FloatVector.fromArray(Lanes.FLOATS, angles.sines(), row * pairs + i);
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
