package mobilellm.quant;

/// The 16 levels of IQ4_NL and IQ4_XS: closer together near zero, where most weights lie.
final class UnevenLevels {
    /// In order. Not to be written.
    static final byte[] ALL = {
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
    };

    /// For each whole number from -128 on, the level nearest to it; between it and the next whole number stands at most one
    /// border of two levels.
    private static final byte[] NEAREST = new byte[256];

    /// Borders above each level; a number on a border belongs to the level above.
    private static final float[] BORDERS = new float[ALL.length];

    static {
        for (int i = 0; i + 1 < ALL.length; i++) {
            BORDERS[i] = (ALL[i] + ALL[i + 1]) / 2f;
        }
        BORDERS[ALL.length - 1] = Float.POSITIVE_INFINITY;
        int level = 0;
        for (int i = 0; i < NEAREST.length; i++) {
            while (i - 128 >= BORDERS[level]) {
                level++;
            }
            NEAREST[i] = (byte) level;
        }
    }

    private static final int SIZE = 32;
    private static final int ATTEMPTS = 15;

    /// Magnitude below which a block is all zeros.
    private static final float NEGLIGIBLE = 1e-15f;

    private UnevenLevels() {}

    /// Index of the level nearest to a number.
    static int nearest(float value) {
        int below = (int) Math.floor(Math.clamp(value, -128f, 127f));
        int index = NEAREST[below + 128];
        return value >= BORDERS[index] ? index + 1 : index;
    }

    /// One block of IQ4_NL as ggml's quantiser writes it without an importance matrix (`quantize_iq4_nl` in ggml-quants.c), bit
    /// for bit: of 15 scales, the extreme of the block on a level from -134 to -120, the one with the least squared error
    /// weighted with `x^2`.
    static void quantise(float[] source, int from, byte[] target, int to) {
        float extreme = RoundedBlocks.extreme(source, from, SIZE);
        float scale = 0;
        if (Math.abs(extreme) >= NEGLIGIBLE) {
            float best = 0;
            for (int attempt = -1; attempt < ATTEMPTS; attempt++) {
                // The first attempt has the sign of its scale turned: that is how ggml does it.
                float inverse =
                        attempt < 0
                                ? 1 / (-extreme / ALL[0])
                                : (attempt - ATTEMPTS / 2 + ALL[0]) / extreme;
                float product = 0;
                float square = 0;
                for (int i = from; i < from + SIZE; i++) {
                    float x = source[i];
                    float level = ALL[nearest(inverse * x)];
                    float weight = x * x;
                    product += weight * level * x;
                    square += weight * level * level;
                }
                if (attempt < 0 || (square > 0 && product * product > best * square)) {
                    scale = product / square;
                    best = scale * product;
                }
            }
        }
        float inverse = RoundedBlocks.inverse(scale);
        RoundedBlocks.putHalf(target, to, scale);
        for (int i = 0; i < SIZE / 2; i++) {
            int low = nearest(inverse * source[from + i]);
            int high = nearest(inverse * source[from + SIZE / 2 + i]);
            target[to + 2 + i] = (byte) (low | (high << 4));
        }
    }
}
