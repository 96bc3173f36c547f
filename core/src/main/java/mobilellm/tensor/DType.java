package mobilellm.tensor;

/// An element type: plain numbers, or blocks of quantised numbers with their scales. Integers can be stored, but no
/// arithmetic of this library takes them: weights are floating-point numbers or quantised.
///
/// Block layouts are those of GGUF (ggml); see `mobilellm.quant` for what the bytes mean.
public enum DType {
    F64(1, 8),
    F32(1, 4),
    F16(1, 2),
    BF16(1, 2),
    /// One byte, 0 or 1.
    BOOL(1, 1),
    U8(1, 1),
    I8(1, 1),
    U16(1, 2),
    I16(1, 2),
    U32(1, 4),
    I32(1, 4),
    U64(1, 8),
    I64(1, 8),
    /// 32 signed bytes with one f16 scale.
    Q8_0(32, 34),
    /// 32 nibbles with one f16 scale; a value is `scale * (nibble - 8)`.
    Q4_0(32, 18),
    /// 32 nibbles with an f16 scale and an f16 minimum; a value is `scale * nibble + minimum`.
    Q4_1(32, 20);

    private final int blockSize;
    private final int blockBytes;

    DType(int blockSize, int blockBytes) {
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
    }

    /// Elements in a block; 1 for plain numbers.
    public int blockSize() {
        return blockSize;
    }

    /// Bytes of a block.
    public int blockBytes() {
        return blockBytes;
    }

    /// Whether elements share a scale with their neighbours.
    public boolean isQuantised() {
        return blockSize > 1;
    }

    /// Whether elements are whole numbers (or truth values), which no weight may be.
    public boolean isInteger() {
        return switch (this) {
            case BOOL, U8, I8, U16, I16, U32, I32, U64, I64 -> true;
            default -> false;
        };
    }

    /// Bytes of `elements` consecutive elements.
    ///
    /// @throws IllegalArgumentException if `elements` is not a multiple of the block size
    /// @throws ArithmeticException if the count does not fit in 64 bits
    public long bytes(long elements) {
        if (elements % blockSize != 0) {
            throw new IllegalArgumentException(
                    elements
                            + " elements are not a whole number of "
                            + this
                            + " blocks of "
                            + blockSize);
        }
        return Math.multiplyExact(elements / blockSize, (long) blockBytes);
    }
}
