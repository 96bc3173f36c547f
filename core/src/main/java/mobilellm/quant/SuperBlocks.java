package mobilellm.quant;

/// The K-quants: 256 elements with one or two f16 scales, and small integers that scale runs of 16 or 32 of them.
///
/// Products with the small scales are rounded to f32 before they meet an element, as ggml does; the minimum is subtracted
/// there and added (negative) here, which is the same. Block layouts: ggml-common.h and ggml-quants.c of the ggml project.
final class SuperBlocks {
    private SuperBlocks() {}

    /// 16 bytes with a nibble of scale and one of minimum, 64 bytes of bit pairs, f16 scale, f16 scale of the minimums.
    static void readQ2(byte[] source, int from, Block block) {
        float scale = Block.half(source, from + 80);
        float minimum = Block.half(source, from + 82);
        for (int run = 0; run < 16; run++) {
            int both = source[from + run];
            block.scales()[run] = scale * Block.bits(both, 0, 4);
            block.minimums()[run] = -(minimum * Block.bits(both, 4, 4));
        }
        for (int i = 0; i < 256; i++) {
            block.quants()[i] = (byte) bitPair(source, from + 16, i);
        }
    }

    /// 32 bytes of third bits, 64 bytes of bit pairs, 16 scales of 6 bits in 12 bytes, f16 scale.
    static void readQ3(byte[] source, int from, Block block) {
        float scale = Block.half(source, from + 108);
        for (int run = 0; run < 16; run++) {
            int low = Block.bits(source[from + 96 + run % 8], 4 * (run / 8), 4);
            int high = Block.bits(source[from + 104 + run % 4], 2 * (run / 4), 2);
            block.scales()[run] = scale * ((low | (high << 4)) - 32);
        }
        for (int i = 0; i < 256; i++) {
            int third = Block.bits(source[from + i % 32], i / 32, 1);
            block.quants()[i] = (byte) ((bitPair(source, from + 32, i) | (third << 2)) - 4);
        }
    }

    /// Bit pairs lie 32 elements apart in a byte, in two halves of 32 bytes.
    private static int bitPair(byte[] source, int from, int i) {
        return Block.bits(source[from + i / 128 * 32 + i % 32], 2 * (i / 32 % 4), 2);
    }

    /// f16 scale, f16 scale of the minimums, 12 bytes of both, 128 bytes of nibbles.
    static void readQ4(byte[] source, int from, Block block) {
        readScalesAndMinimums(source, from, block);
        for (int i = 0; i < 256; i++) {
            block.quants()[i] = (byte) nibble(source, from + 16, i);
        }
    }

    /// As Q4_K, with 32 bytes of fifth bits before the nibbles.
    static void readQ5(byte[] source, int from, Block block) {
        readScalesAndMinimums(source, from, block);
        for (int i = 0; i < 256; i++) {
            int fifth = Block.bits(source[from + 16 + i % 32], i / 32, 1);
            block.quants()[i] = (byte) (nibble(source, from + 48, i) | (fifth << 4));
        }
    }

    /// The low nibbles of 32 bytes are 32 elements, the high ones the next 32.
    private static int nibble(byte[] source, int from, int i) {
        return Block.bits(source[from + i / 64 * 32 + i % 32], 4 * (i / 32 % 2), 4);
    }

    /// Eight pairs of 6 bits in 12 bytes: the first four as they are (scales, then minimums); of the last four the low
    /// nibbles together in the last four bytes, and the high bits on top of the first eight.
    private static void readScalesAndMinimums(byte[] source, int from, Block block) {
        float scale = Block.half(source, from);
        float minimum = Block.half(source, from + 2);
        int at = from + 4;
        for (int i = 0; i < 8; i++) {
            int scaleBits;
            int minimumBits;
            if (i < 4) {
                scaleBits = source[at + i] & 63;
                minimumBits = source[at + i + 4] & 63;
            } else {
                scaleBits =
                        Block.bits(source[at + i + 4], 0, 4)
                                | (Block.bits(source[at + i - 4], 6, 2) << 4);
                minimumBits =
                        Block.bits(source[at + i + 4], 4, 4)
                                | (Block.bits(source[at + i], 6, 2) << 4);
            }
            for (int run = 2 * i; run < 2 * i + 2; run++) {
                block.scales()[run] = scale * scaleBits;
                block.minimums()[run] = -(minimum * minimumBits);
            }
        }
    }

    /// 128 bytes of low nibbles, 64 bytes of bit pairs on top of them, 16 signed bytes of scales, f16 scale.
    static void readQ6(byte[] source, int from, Block block) {
        float scale = Block.half(source, from + 208);
        for (int run = 0; run < 16; run++) {
            block.scales()[run] = scale * source[from + 192 + run];
        }
        for (int i = 0; i < 256; i++) {
            int low = Block.bits(source[from + i / 128 * 64 + i % 64], 4 * (i / 64 % 2), 4);
            int high = bitPair(source, from + 128, i);
            block.quants()[i] = (byte) ((low | (high << 4)) - 32);
        }
    }
}
