package mobilellm.kernel.machine;

/// Activations rounded to int8 in blocks of 32 columns, as [Int8Product512] and [Int8Product256] read them.
///
/// A tile of `tokens` rows holds, block after block, 13 fields of `tokens` dwords:
///
/// | field | what |
/// |---|---|
/// | 0..7 | columns `4i..4i+3` as int8 |
/// | 8 | what the sum of a Q4_0 block starts with: -8 times the sum of the block's int8; for `vpmaddubsw` as two 16-bit numbers, of the columns whose number modulo 4 is below 2 and of the others |
/// | 9 | what the sum of a Q8_0 block, stored +128, starts with: -128 times that sum |
/// | 10 | f32 scale, `max|x| / 127` within [mobilellm.kernel.Operand#SCALE_MASK] |
/// | 11 | f32 scale times the sum, which meets the minimum of Q4_1 |
/// | 12 | f32 scale times `-`[#BIAS], which is exact |
///
/// On 512 bits fields 8 and 9 begin with the bits of [#BIAS].
final class Int8Rows {
    static final int NIBBLE_START = 8;
    static final int BYTE_START = 9;
    static final int SCALE = 10;
    static final int SCALED_SUM = 11;
    static final int BIASED_SCALE = 12;
    static final int FIELDS = 13;

    /// An f32 to whose bits a whole number of less than 2^22 is added as to the number itself. Sums that begin with it are f32 without a conversion: `(sum - BIAS) * dx` is one
    /// `fma(sum, dx, -BIAS * dx)`, and rounded once.
    static final float BIAS = 0x1.8p23f;

    /// Bytes of a block of one token.
    static final int BLOCK_BYTES = FIELDS * 4;

    private Int8Rows() {}

    /// Byte offset of a token's field within a block of a tile.
    static int at(int field, int token, int tokens) {
        return (field * tokens + token) * 4;
    }
}
