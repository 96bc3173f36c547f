package mobilellm.testing;

import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Random weight matrices of every type that the kernels run.
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
                case F32 -> data.set(ValueLayout.JAVA_FLOAT, at, value);
                case F16 -> data.set(HALF, at, Float.floatToFloat16(value));
                case BF16 -> data.set(HALF, at, (short) (Float.floatToRawIntBits(value) >>> 16));
                case Q8_0 -> block(data, at, 34, scale / 74, random);
                case Q4_0 -> block(data, at, 18, scale / 4.6, random);
                case Q4_1 -> {
                    block(data, at, 20, scale / 4.6, random);
                    data.set(HALF, at + 2, Float.floatToFloat16((float) (-7.5 * scale / 4.6)));
                }
                default -> throw new IllegalArgumentException("no kernel runs " + type);
            }
        }
        return new Tensor("random", type, Shape.of(rows, columns), data);
    }

    private static void block(MemorySegment data, long at, int bytes, double scale, Random random) {
        data.set(HALF, at, Float.floatToFloat16((float) scale));
        for (long i = at + 2; i < at + bytes; i++) {
            data.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
    }

    /// Blocks of a quantised type from the ends of what it can hold: bytes of -128 and 127, nibbles of 0 and 15, scales
    /// of zero, subnormal and as large as f16 goes.
    public static Tensor extreme(DType type, int rows, int columns, Random random) {
        MemorySegment data = Arena.ofAuto().allocate(type.bytes((long) rows * columns), 64);
        for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
            int first = type == DType.Q4_1 ? 4 : 2;
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
