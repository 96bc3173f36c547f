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
    /// Q8_0 with the scaled sum of the block beside it; an intermediate form of ggml, rare in files.
    Q8_1(32, 36),
    /// 256 signed bytes with one f32 scale; an intermediate form of ggml, rare in files.
    Q8_K(256, 292),
    /// 256 numbers of 6 bits; 16 share an 8-bit scale.
    Q6_K(256, 210),
    /// 32 numbers of 5 bits with one f16 scale; a value is `scale * (number - 16)`.
    Q5_0(32, 22),
    /// 32 numbers of 5 bits with an f16 scale and an f16 minimum.
    Q5_1(32, 24),
    /// 256 numbers of 5 bits; 32 share a scale and a minimum of 6 bits.
    Q5_K(256, 176),
    /// 32 nibbles with one f16 scale; a value is `scale * (nibble - 8)`.
    Q4_0(32, 18),
    /// 32 nibbles with an f16 scale and an f16 minimum; a value is `scale * nibble + minimum`.
    Q4_1(32, 20),
    /// 256 nibbles; 32 share a scale and a minimum of 6 bits.
    Q4_K(256, 144),
    /// 32 nibbles that index 16 uneven levels, with one f16 scale.
    IQ4_NL(32, 18),
    /// 256 nibbles that index the levels of IQ4_NL; 32 share a scale of 6 bits.
    IQ4_XS(256, 136),
    /// 32 four-bit floats (E2M1) with one power of two as scale, as the OCP Microscaling specification has them.
    MXFP4(32, 17),
    /// 256 numbers of 3 bits; 16 share a scale of 6 bits.
    Q3_K(256, 110),
    /// 256 numbers of 2 bits; 16 share a scale and a minimum of 4 bits.
    Q2_K(256, 84),
    /// 256 numbers -1, 0 or 1 in 2 bits each, with one f16 scale.
    TQ2_0(256, 66),
    /// 256 numbers -1, 0 or 1, five to a byte, with one f16 scale.
    TQ1_0(256, 54);

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
