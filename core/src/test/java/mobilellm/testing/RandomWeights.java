package mobilellm.testing;

import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Random weight matrices of every type that weights may have.
public final class RandomWeights {
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED;

    /// Zero of both signs, the smallest and the largest subnormal, the smallest normal, and large scales.
    private static final short[] EXTREME_SCALES = {
        0, (short) 0x8000, 1, (short) 0x83FF, 0x0400, 0x7BFF, (short) 0xFBFF, 0x3C00
    };

    private static final byte[] EXTREME_BYTES = {-128, 127, -127, 0};
    private static final byte[] EXTREME_NIBBLES = {0x00, (byte) 0xFF, 0x0F, (byte) 0xF0};

    private RandomWeights() {}

    /// Weights around zero with about the given standard deviation.
    public static Tensor of(DType type, int rows, int columns, double deviation, Random random) {
        MemorySegment data = Arena.ofAuto().allocate(type.bytes((long) rows * columns), 64);
        for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
            float value = (float) (random.nextGaussian() * deviation);
            double scale = deviation * (0.5 + random.nextDouble());
            switch (type) {
                case F64 -> data.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, at, value);
                case F32 -> data.set(ValueLayout.JAVA_FLOAT, at, value);
                case F16 -> data.set(HALF, at, Float.floatToFloat16(value));
                case BF16 -> data.set(HALF, at, (short) (Float.floatToRawIntBits(value) >>> 16));
                default -> block(type, data, at, scale, random);
            }
        }
        return new Tensor("random", type, Shape.of(rows, columns), data);
    }

    /// Random bytes, and scales (and minimums) in their places that make the numbers about as large as asked for.
    private static void block(
            DType type, MemorySegment data, long at, double deviation, Random random) {
        for (long i = at; i < at + type.blockBytes(); i++) {
            data.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        switch (type) {
            case Q8_0 -> halves(data, at, deviation / 74);
            case Q8_1 -> halves(data, at, deviation / 74, 0);
            case Q8_K -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, (float) deviation / 74);
            case Q4_0 -> halves(data, at, deviation / 4.6);
            case Q4_1 -> halves(data, at, deviation / 4.6, -7.5 * deviation / 4.6);
            case Q5_0 -> halves(data, at, deviation / 9.2);
            case Q5_1 -> halves(data, at, deviation / 9.2, -15.5 * deviation / 9.2);
            case IQ4_NL -> halves(data, at, deviation / 65);
            case IQ4_XS -> halves(data, at, deviation / 65 / 18);
            case TQ1_0 -> halves(data, at + 52, deviation / 0.8);
            case TQ2_0 -> halves(data, at + 64, deviation / 0.8);
            case MXFP4 -> {
                int exponent = 128 + Math.getExponent(deviation / 5.4);
                data.set(ValueLayout.JAVA_BYTE, at, (byte) exponent);
            }
            case Q2_K -> halves(data, at + 80, deviation / 9, 1.5 * deviation / 9);
            case Q3_K -> halves(data, at + 108, deviation / 42);
            case Q4_K -> halves(data, at, deviation / 166, 7.5 * deviation / 166);
            case Q5_K -> halves(data, at, deviation / 331, 15.5 * deviation / 331);
            case Q6_K -> halves(data, at + 208, deviation / 1370);
            default -> throw new AssertionError(type);
        }
    }

    private static void halves(MemorySegment data, long at, double... values) {
        for (int i = 0; i < values.length; i++) {
            data.set(HALF, at + 2L * i, Float.floatToFloat16((float) values[i]));
        }
    }

    /// Blocks of a quantised type from the ends of what it can hold: bytes of -128 and 127, nibbles of 0 and 15, scales
    /// of zero, subnormal and as large as f16 goes.
    public static Tensor extreme(DType type, int rows, int columns, Random random) {
        MemorySegment data = Arena.ofAuto().allocate(type.bytes((long) rows * columns), 64);
        for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
            int first = type == DType.Q4_1 || type == DType.Q5_1 ? 4 : 2;
            byte[] values = type == DType.Q8_0 ? EXTREME_BYTES : EXTREME_NIBBLES;
            int kinds = random.nextBoolean() ? 1 : values.length; // often all of a block alike
            int kind = random.nextInt(values.length);
            for (int i = first; i < type.blockBytes(); i++) {
                byte value = values[(kind + random.nextInt(kinds)) % values.length];
                data.set(ValueLayout.JAVA_BYTE, at + i, value);
            }
            for (int i = 0; i < first; i += 2) {
                data.set(HALF, at + i, EXTREME_SCALES[random.nextInt(EXTREME_SCALES.length)]);
            }
        }
        return new Tensor("extreme", type, Shape.of(rows, columns), data);
    }
}
