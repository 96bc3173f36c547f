package mobilellm.kernel;

import mobilellm.tensor.DType;

/// What a [KeyValueStore] keeps for 16 consecutive positions of one head.
///
/// | | F32, F16 | Q8_0 |
/// |---|---|---|
/// | keys | [head dim][16 positions] | [head dim / 4][16 positions][4] unsigned bytes, +128 |
/// | their scales | none | [head dim / 32][16 positions] f16 |
/// | values | [16 positions][head dim, up to a multiple of 16] | [16 positions / 4][head dim][4] signed bytes |
/// | their scales | none | as those of the keys |
///
/// Keys lie as the 16 rows of a group of a [PackedMatrix] do: a query is broadcast against 16 of them at once, scores need no horizontal
/// sums, and what multiplies activations with weights multiplies queries with keys. Values in Q8_0 lie so that the same dimension of four
/// positions is what an instruction sums up.
///
/// @param headDim width of a head, in Q8_0 a multiple of 32
/// @param type F32, F16 or Q8_0
public record KeyValueBlock(int headDim, DType type) {
    private static final int POSITIONS = KeyValueStore.BLOCK;

    /// What is added to bytes of keys: products of unsigned with signed bytes are what processors have.
    static final int KEY_BIAS = 128;

    /// Bytes that lie together: dimensions of a key, positions of values.
    public static final int QUAD = 4;

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
        return (long) POSITIONS * valueColumns() * elementBytes();
    }

    /// Elements that the values of a position take.
    public int valueColumns() {
        return Math.ceilDiv(headDim, POSITIONS) * POSITIONS;
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

    /// Byte offset of dimension `i` of a position's values.
    public long value(int position, int i) {
        int row = position % POSITIONS;
        return isQuantised()
                ? (long) (row / QUAD * headDim + i) * QUAD + row % QUAD
                : ((long) row * valueColumns() + i) * elementBytes();
    }

    /// Byte offset of the scale of dimension `i` of a position.
    public long scale(int position, int i) {
        return (long) (i / type.blockSize() * POSITIONS + position % POSITIONS) * Short.BYTES;
    }
}
