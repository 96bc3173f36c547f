package mobilellm.quant;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// One block of 32 floats to bytes by the rounding of ggml's reference quantisers (`quantize_row_*_ref` in ggml-quants.c), bit
/// for bit: scales come from the extremes of the block, integers from the scale before it is rounded to f16.
///
/// The floats are finite. A scale that f16 does not hold becomes infinite; the caller looks for that.
final class RoundedBlocks {
    private static final int SIZE = 32;
    private static final int HALF = SIZE / 2;
    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private RoundedBlocks() {}

    static void putHalf(byte[] target, int at, float value) {
        SHORT.set(target, at, Float.floatToFloat16(value));
    }

    static void putInt(byte[] target, int at, int value) {
        INT.set(target, at, value);
    }

    static float inverse(float scale) {
        return scale == 0 ? 0 : 1 / scale;
    }

    /// The value of largest magnitude, the first one of several.
    static float extreme(float[] source, int from, int count) {
        float extreme = 0;
        for (int i = 0; i < count; i++) {
            if (Math.abs(source[from + i]) > Math.abs(extreme)) {
                extreme = source[from + i];
            }
        }
        return extreme;
    }

    /// Scale `max|x| / 127`; halves are rounded away from zero.
    static void q8(float[] source, int from, byte[] target, int to) {
        float scale = Math.abs(extreme(source, from, SIZE)) / 127;
        float inverse = inverse(scale);
        putHalf(target, to, scale);
        for (int i = 0; i < SIZE; i++) {
            float scaled = source[from + i] * inverse;
            int whole = (int) scaled;
            // Twice the fraction is exact, and 0, 1 or -1 when cut: adding a half first would round
            // twice.
            target[to + 2 + i] = (byte) (whole + (int) (2 * (scaled - whole)));
        }
    }

    /// The extreme of largest magnitude becomes -8.
    static void q4(float[] source, int from, byte[] target, int to) {
        float scale = extreme(source, from, SIZE) / -8;
        float inverse = inverse(scale);
        putHalf(target, to, scale);
        for (int i = 0; i < HALF; i++) {
            int low = Math.min(15, (int) (source[from + i] * inverse + 8.5f));
            int high = Math.min(15, (int) (source[from + HALF + i] * inverse + 8.5f));
            target[to + 2 + i] = (byte) (low | (high << 4));
        }
    }

    /// The extreme of largest magnitude becomes -16.
    static void q5(float[] source, int from, byte[] target, int to) {
        float scale = extreme(source, from, SIZE) / -16;
        float inverse = inverse(scale);
        putHalf(target, to, scale);
        int fifth = 0;
        for (int i = 0; i < HALF; i++) {
            int low = Math.min(31, (int) (source[from + i] * inverse + 16.5f));
            int high = Math.min(31, (int) (source[from + HALF + i] * inverse + 16.5f));
            target[to + 6 + i] = (byte) ((low & 15) | (high << 4));
            fifth |= (low >>> 4 << i) | (high >>> 4 << (HALF + i));
        }
        putInt(target, to + 2, fifth);
    }

    /// Levels from the least to the greatest value, 4 bits.
    static void q4WithMinimum(float[] source, int from, byte[] target, int to) {
        float minimum = least(source, from);
        float scale = (greatest(source, from) - minimum) / 15;
        float inverse = inverse(scale);
        putHalf(target, to, scale);
        putHalf(target, to + 2, minimum);
        for (int i = 0; i < HALF; i++) {
            int low = Math.min(15, (int) ((source[from + i] - minimum) * inverse + 0.5f));
            int high = Math.min(15, (int) ((source[from + HALF + i] - minimum) * inverse + 0.5f));
            target[to + 4 + i] = (byte) (low | (high << 4));
        }
    }

    /// Levels from the least to the greatest value, 5 bits.
    static void q5WithMinimum(float[] source, int from, byte[] target, int to) {
        float minimum = least(source, from);
        float scale = (greatest(source, from) - minimum) / 31;
        float inverse = inverse(scale);
        putHalf(target, to, scale);
        putHalf(target, to + 2, minimum);
        int fifth = 0;
        for (int i = 0; i < HALF; i++) {
            int low = (int) ((source[from + i] - minimum) * inverse + 0.5f);
            int high = (int) ((source[from + HALF + i] - minimum) * inverse + 0.5f);
            target[to + 8 + i] = (byte) ((low & 15) | (high << 4));
            fifth |= ((low & 16) >>> 4 << i) | ((high & 16) >>> 4 << (HALF + i));
        }
        putInt(target, to + 4, fifth);
    }

    private static float least(float[] source, int from) {
        float least = source[from];
        for (int i = 1; i < SIZE; i++) {
            // As C compares: a zero is not less than a negative zero.
            least = source[from + i] < least ? source[from + i] : least;
        }
        return least;
    }

    private static float greatest(float[] source, int from) {
        float greatest = source[from];
        for (int i = 1; i < SIZE; i++) {
            greatest = source[from + i] > greatest ? source[from + i] : greatest;
        }
        return greatest;
    }
}
