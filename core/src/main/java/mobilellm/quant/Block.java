package mobilellm.quant;

import mobilellm.tensor.DType;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// One block of a quantised type taken apart, the same way for every type: small integers, and for each run of 16 of them
/// the scale that makes numbers of them, for some types a minimum too. A number is `scale * integer + minimum`, each
/// operation rounded to f32 by itself.
///
/// The room is for the largest block, 256 elements, and is used again for the next one.
///
/// Block layouts: ggml-common.h and ggml-quants.c of the ggml project; the K-quants are in [SuperBlocks].
public final class Block {
    /// Elements that share a scale in every type.
    public static final int RUN = 16;

    private static final int LARGEST = 256;
    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /// Four-bit floats (1 sign, 2 exponent, 1 mantissa bit), doubled to make them integers.
    private static final byte[] E2M1 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    private static final int[] POWERS_OF_THREE = {1, 3, 9, 27, 81};

    private final byte[] quants = new byte[LARGEST];
    private final float[] scales = new float[LARGEST / RUN];
    private final float[] minimums = new float[LARGEST / RUN];

    /// Integers, one an element.
    public byte[] quants() {
        return quants;
    }

    /// Scale of each run of 16 elements.
    public float[] scales() {
        return scales;
    }

    /// What to add in each run of 16 elements; of no meaning unless the type [has minimums][#hasMinimums].
    public float[] minimums() {
        return minimums;
    }

    /// Whether the numbers of a type have a minimum added to them.
    public static boolean hasMinimums(DType type) {
        return switch (type) {
            case Q4_1, Q5_1, Q2_K, Q4_K, Q5_K -> true;
            default -> false;
        };
    }

    /// Takes the block that starts at `source[from]` apart.
    public void read(DType type, byte[] source, int from) {
        switch (type) {
            case Q8_0 -> readBytes(source, from + 2, 32, half(source, from));
            case Q8_1 -> readBytes(source, from + 4, 32, half(source, from));
            case Q8_K ->
                    readBytes(
                            source,
                            from + 4,
                            LARGEST,
                            Float.intBitsToFloat((int) INT.get(source, from)));
            case Q4_0 -> {
                readNibbles(source, from + 2, 0, 8);
                setScale(32, half(source, from));
            }
            case Q4_1 -> {
                readNibbles(source, from + 4, 0, 0);
                setScale(32, half(source, from));
                setMinimum(half(source, from + 2));
            }
            case Q5_0 -> {
                readNibbles(source, from + 6, (int) INT.get(source, from + 2), 16);
                setScale(32, half(source, from));
            }
            case Q5_1 -> {
                readNibbles(source, from + 8, (int) INT.get(source, from + 4), 0);
                setScale(32, half(source, from));
                setMinimum(half(source, from + 2));
            }
            case IQ4_NL -> {
                lookUp(source, from + 2, 0, UnevenLevels.ALL);
                setScale(32, half(source, from));
            }
            case IQ4_XS -> readUnevenSuperBlock(source, from);
            case MXFP4 -> {
                lookUp(source, from + 1, 0, E2M1);
                setScale(32, halfOfPowerOfTwo(Byte.toUnsignedInt(source[from])));
            }
            case TQ1_0 -> readFiveToAByte(source, from);
            case TQ2_0 -> readFourToAByte(source, from);
            case Q2_K -> SuperBlocks.readQ2(source, from, this);
            case Q3_K -> SuperBlocks.readQ3(source, from, this);
            case Q4_K -> SuperBlocks.readQ4(source, from, this);
            case Q5_K -> SuperBlocks.readQ5(source, from, this);
            case Q6_K -> SuperBlocks.readQ6(source, from, this);
            case F64, F32, F16, BF16, BOOL, U8, I8, U16, I16, U32, I32, U64, I64 ->
                    throw new IllegalArgumentException(type + " is stored without blocks");
        }
    }

    /// `count` bits of a little-endian number, from bit `first` on.
    static int bits(int number, int first, int count) {
        return (number >>> first) & ((1 << count) - 1);
    }

    static float half(byte[] source, int offset) {
        return Float.float16ToFloat((short) SHORT.get(source, offset));
    }

    /// The power of two that an E8M0 byte stands for (bias 127), halved because [#E2M1] is doubled: 2^(byte - 128).
    private static float halfOfPowerOfTwo(int exponent) {
        return Float.intBitsToFloat(exponent < 2 ? 0x0020_0000 << exponent : (exponent - 1) << 23);
    }

    private void setScale(int elements, float scale) {
        for (int run = 0; run < elements / RUN; run++) {
            scales[run] = scale;
        }
    }

    private void setMinimum(float minimum) {
        minimums[0] = minimum;
        minimums[1] = minimum;
    }

    private void readBytes(byte[] source, int from, int count, float scale) {
        System.arraycopy(source, from, quants, 0, count);
        setScale(count, scale);
    }

    /// 16 bytes whose low nibbles are elements 0..15 and high nibbles 16..31; bit `i` of `fifth` belongs on top of element
    /// `i`.
    private void readNibbles(byte[] source, int from, int fifth, int bias) {
        for (int i = 0; i < 16; i++) {
            int pair = source[from + i];
            quants[i] = (byte) ((bits(pair, 0, 4) | (bits(fifth, i, 1) << 4)) - bias);
            quants[16 + i] = (byte) ((bits(pair, 4, 4) | (bits(fifth, 16 + i, 1) << 4)) - bias);
        }
    }

    /// 16 bytes of nibbles as in Q4_0, each an index into `levels`, to elements `to` and behind.
    private void lookUp(byte[] source, int from, int to, byte[] levels) {
        for (int i = 0; i < 16; i++) {
            int pair = source[from + i];
            quants[to + i] = levels[pair & 15];
            quants[to + 16 + i] = levels[bits(pair, 4, 4)];
        }
    }

    /// IQ4_XS: f16 scale, 8 x 2 high bits of the scales, 8 x 4 low bits, nibbles.
    private void readUnevenSuperBlock(byte[] source, int from) {
        float scale = half(source, from);
        int high = (short) SHORT.get(source, from + 2);
        int low = (int) INT.get(source, from + 4);
        for (int i = 0; i < 8; i++) {
            int six = bits(low, 4 * i, 4) | (bits(high, 2 * i, 2) << 4);
            scales[2 * i] = scale * (six - 32);
            scales[2 * i + 1] = scales[2 * i];
            lookUp(source, from + 8 + 16 * i, 32 * i, UnevenLevels.ALL);
        }
    }

    /// TQ1_0: a byte holds the first digits after the point of a number in base 3, rounded up; 32 bytes with five digits
    /// each, 16 with five, 4 with four, then the scale. Digits of neighbouring bytes are neighbouring elements.
    private void readFiveToAByte(byte[] source, int from) {
        int to = readDigits(source, from, 32, 5, 0);
        to = readDigits(source, from + 32, 16, 5, to);
        readDigits(source, from + 48, 4, 4, to);
        setScale(LARGEST, half(source, from + 52));
    }

    private int readDigits(byte[] source, int from, int bytes, int digits, int to) {
        for (int digit = 0; digit < digits; digit++) {
            for (int i = 0; i < bytes; i++) {
                int rest = source[from + i] * POWERS_OF_THREE[digit] & 255;
                quants[to + digit * bytes + i] = (byte) (((rest * 3) >>> 8) - 1);
            }
        }
        return to + digits * bytes;
    }

    /// TQ2_0: 64 bytes in two halves of 32, each with elements 32 apart in its bit pairs, then the scale.
    private void readFourToAByte(byte[] source, int from) {
        for (int i = 0; i < 64; i++) {
            for (int pair = 0; pair < 4; pair++) {
                int at = i / 32 * 128 + pair * 32 + i % 32;
                quants[at] = (byte) (bits(source[from + i], 2 * pair, 2) - 1);
            }
        }
        setScale(LARGEST, half(source, from + 64));
    }
}
