package mobilellm.kernel.machine;

/// Activations rounded to int8 in blocks of 32 columns, as [Int8Product512] and [Int8Product256] read them.
///
/// A tile of `tokens` rows holds, block after block, 12 fields of `tokens` dwords:
///
/// | field | what |
/// |---|---|
/// | 0..7 | columns `4i..4i+3` as int8 |
/// | 8 | what the sum of a Q4_0 block starts with: -8 times the sum of the block's int8; for `vpmaddubsw` as two 16-bit numbers, of the columns whose number modulo 4 is below 2 and of the others |
/// | 9 | what the sum of a Q8_0 block, stored +128, starts with: -128 times that sum |
/// | 10 | f32 scale, `max|x| / 127` |
/// | 11 | f32 scale times the sum, which meets the minimum of Q4_1 |
final class Int8Rows {
    static final int NIBBLE_START = 8;
    static final int BYTE_START = 9;
    static final int SCALE = 10;
    static final int SCALED_SUM = 11;
    static final int FIELDS = 12;

    /// Bytes of a block of one token.
    static final int BLOCK_BYTES = FIELDS * 4;

    private Int8Rows() {}

    /// Byte offset of a token's field within a block of a tile.
    static int at(int field, int token, int tokens) {
        return (field * tokens + token) * 4;
    }
}
