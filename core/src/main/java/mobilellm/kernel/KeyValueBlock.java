package mobilellm.kernel;

import mobilellm.tensor.DType;

/// What a [KeyValueStore] keeps for 16 consecutive positions of one head.
///
/// | | F32, F16 | Q8_0 |
/// |---|---|---|
/// | keys | [head dim][16 positions] | [head dim / 4][16 positions][4] unsigned bytes, +128 |
/// | their scales | none | [head dim / 32][16 positions] f16 |
/// | values | [16 positions][head dim, up to a multiple of 16] | [16 positions][head dim] signed bytes |
/// | their scales | none | as those of the keys |
///
/// Keys lie as the 16 rows of a group of a [PackedMatrix] do: a query is broadcast against 16 of them at once, scores need no horizontal
/// sums, and what multiplies activations with weights multiplies queries with keys.
///
/// @param headDim width of a head, in Q8_0 a multiple of 32
/// @param type F32, F16 or Q8_0
public record KeyValueBlock(int headDim, DType type) {
    private static final int POSITIONS = KeyValueStore.BLOCK;

    /// What is added to bytes of keys: products of unsigned with signed bytes are what processors have.
    static final int KEY_BIAS = 128;

    /// Bytes of keys that lie together.
    private static final int QUAD = 4;

    public KeyValueBlock {
        boolean isPlain = type == DType.F32 || type == DType.F16;
        if (!isPlain && type != DType.Q8_0) {
            throw new IllegalArgumentException(
                    "keys and values are kept as F32, F16 or Q8_0, got " + type);
        }
        if (headDim % type.blockSize() != 0) {
            throw new IllegalArgumentException(
                    "keys and values in Q8_0 take heads whose width is a multiple of 32, got "
                            + headDim);
        }
    }

    /// The form of the matrix that keys are.
    public PackedForm form() {
        return PackedForm.of(type);
    }

    /// Steps of a product of queries with keys: blocks of 32 dimensions in Q8_0, else dimensions.
    public int steps() {
        return form().steps(headDim);
    }

    private boolean isQuantised() {
        return type.isQuantised();
    }

    private int elementBytes() {
        return isQuantised() ? 1 : type.blockBytes();
    }

    /// Bytes of the keys, without scales.
    public long keyBytes() {
        return (long) steps() * form().weightBytes();
    }

    /// Bytes of the values, without scales.
    public long valueBytes() {
        return POSITIONS * valueRowBytes();
    }

    /// Bytes from one position's values to the next, without scales.
    public long valueRowBytes() {
        return (long) Math.ceilDiv(headDim, POSITIONS) * POSITIONS * elementBytes();
    }

    /// Bytes of the scales of the keys, and of those of the values.
    public long scaleBytes() {
        return (long) steps() * form().factorBytes();
    }

    /// Bytes of all.
    public long bytes() {
        return keyBytes() + valueBytes() + 2 * scaleBytes();
    }

    /// Byte offset of dimension `i` of a position's key.
    public long key(int position, int i) {
        int lane = position % POSITIONS;
        return isQuantised()
                ? (long) (i / QUAD * POSITIONS + lane) * QUAD + i % QUAD
                : ((long) i * POSITIONS + lane) * elementBytes();
    }

    /// Byte offset of dimension `i` in a row of values.
    public long value(int i) {
        return (long) i * elementBytes();
    }

    /// Byte offset of the scale of dimension `i` of a position.
    public long scale(int position, int i) {
        return (long) (i / type.blockSize() * POSITIONS + position % POSITIONS) * Short.BYTES;
    }
}
