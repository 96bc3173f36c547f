package mobilellm.quant;

import mobilellm.tensor.DType;

/// Puts levels and scales together as the bytes of a block of 32.
final class BlockWriter {
    private static final int HALF = 16;

    private BlockWriter() {}

    /// @param levels whole numbers, as they are multiplied with the scale
    static void write(
            DType type, float scale, float minimum, float[] levels, byte[] target, int to) {
        RoundedBlocks.putHalf(target, to, scale);
        switch (type) {
            case Q4_0 -> nibbles(levels, 8, target, to + 2);
            case Q4_1 -> {
                RoundedBlocks.putHalf(target, to + 2, minimum);
                nibbles(levels, 0, target, to + 4);
            }
            case Q5_0 -> {
                fifthBits(levels, 16, target, to + 2);
                nibbles(levels, 16, target, to + 6);
            }
            case Q5_1 -> {
                RoundedBlocks.putHalf(target, to + 2, minimum);
                fifthBits(levels, 0, target, to + 4);
                nibbles(levels, 0, target, to + 8);
            }
            case IQ4_NL -> {
                for (int i = 0; i < HALF; i++) {
                    int low = UnevenLevels.nearest(levels[i]);
                    int high = UnevenLevels.nearest(levels[HALF + i]);
                    target[to + 2 + i] = (byte) (low | (high << 4));
                }
            }
            default -> throw new IllegalArgumentException(type + " has other blocks");
        }
    }

    private static void nibbles(float[] levels, int bias, byte[] target, int to) {
        for (int i = 0; i < HALF; i++) {
            int low = (int) levels[i] + bias;
            int high = (int) levels[HALF + i] + bias;
            target[to + i] = (byte) ((low & 15) | (high << 4));
        }
    }

    private static void fifthBits(float[] levels, int bias, byte[] target, int to) {
        int fifth = 0;
        for (int i = 0; i < 2 * HALF; i++) {
            fifth |= ((int) levels[i] + bias) >>> 4 << i;
        }
        RoundedBlocks.putInt(target, to, fifth);
    }
}
