package mobilellm.quant;

import mobilellm.tensor.DType;

/// Blocks of 32 with a scale (and a minimum) searched for: the one with the least weighted squared error
/// `sum_j w_j (x_j - scale * q_j - minimum)^2` among some that are tried, where `q_j` is the level nearest to `x_j`.
///
/// For given levels the best scale and minimum are those of weighted least squares; for a given scale and minimum the best
/// levels are the nearest. The search starts from many scales, which clip the extremes more or less, goes from each to its least
/// squares, and alternates from the best of them until the error stays.
///
/// A product `y = sum_j x_j a_j` with inputs of mean square `E[a_j^2]` and no correlation errs by
/// `sum_j E[a_j^2] (x_j - x'_j)^2` in the mean square, so that is the weight where an importance is known. With a
/// factor `x_j^2` more SmolLM2-135M in Q4_0 diverged half as much again.
///
/// Without an importance it is `sqrt(m + x_j^2)`, m the mean square of the row. Equal weights clip large numbers for the sake of many
/// small ones: the squared error falls by 11 % beside the extremes' own scale, but rows get shorter, by 0.7 instead of 0.2 %, and
/// large weights often meet large inputs. SmolLM2-135M in Q4_0 diverged by 0.457 nats with the reference's scales, by
/// 0.484 with equal weights, by 0.434 with these. Uneven levels (IQ4_NL) gained from no such weights, so they need an importance.
final class BlockSearch {
    private static final int SIZE = 32;

    /// Tried: 0.6 to 1.15 times the level at either end. Twice as many lessen the error by 1 %.
    private static final int SCALES = 12;

    private static final float LEAST_STRETCH = 0.6f;
    private static final float STRETCHES = 0.6f;

    /// Tried at either end of a range: 6 % more than all of it, all, and up to 24 % less.
    private static final int CUTS = 6;

    private static final float CUT = 0.06f;

    /// Alternations at the end; most blocks stop changing after two.
    private static final int ROUNDS = 8;

    private final DType type;
    private final float[] importance; // of the columns; empty where unknown
    private final float[] weights = new float[SIZE];
    private final float[] levels = new float[SIZE];
    private final int lowest;
    private final int highest;
    private float scale;
    private float minimum;
    private double gain;

    BlockSearch(DType type, Rounding.Searched rounding) {
        this.type = type;
        importance = rounding.isInformed() ? rounding.importance() : new float[0];
        lowest =
                switch (type) {
                    case Q4_0 -> -8;
                    case Q5_0 -> -16;
                    case IQ4_NL -> UnevenLevels.ALL[0];
                    default -> 0;
                };
        highest =
                switch (type) {
                    case Q4_0 -> 7;
                    case Q4_1, Q5_0 -> 15;
                    case Q5_1 -> 31;
                    case IQ4_NL -> UnevenLevels.ALL[15];
                    default -> throw new IllegalArgumentException(type + " is not searched for");
                };
    }

    static boolean isFor(DType type, Rounding.Searched rounding) {
        return switch (type) {
            case Q4_0, Q4_1, Q5_0, Q5_1 -> true;
            case IQ4_NL -> rounding.isInformed();
            default -> false;
        };
    }

    void rows(float[] source, int columns, byte[] target) {
        float square = 0;
        for (int block = 0; block < source.length / SIZE; block++) {
            int from = block * SIZE;
            int column = from % columns;
            if (importance.length > 0) {
                System.arraycopy(importance, column, weights, 0, SIZE);
            } else {
                square = column == 0 ? meanSquare(source, from, columns) : square;
                for (int i = 0; i < SIZE; i++) {
                    float x = source[from + i];
                    weights[i] = (float) Math.sqrt(square + x * x);
                }
            }
            if (Block.hasMinimums(type)) {
                searchRange(source, from);
            } else {
                searchScale(source, from);
            }
            scale = Float.float16ToFloat(Float.floatToFloat16(scale));
            minimum = Float.float16ToFloat(Float.floatToFloat16(minimum));
            code(source, from);
            BlockWriter.write(type, scale, minimum, levels, target, block * type.blockBytes());
        }
    }

    private static float meanSquare(float[] source, int from, int count) {
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += (double) source[i] * source[i];
        }
        return (float) (sum / count);
    }

    /// Levels nearest to the numbers.
    private void code(float[] source, int from) {
        float inverse = RoundedBlocks.inverse(scale);
        if (type == DType.IQ4_NL) {
            for (int i = 0; i < SIZE; i++) {
                levels[i] = UnevenLevels.ALL[UnevenLevels.nearest(source[from + i] * inverse)];
            }
            return;
        }
        for (int i = 0; i < SIZE; i++) {
            float scaled = (source[from + i] - minimum) * inverse;
            float limited = Math.max(lowest, Math.min(highest, scaled));
            // Away from where a cast cuts: levels shifted to be positive.
            levels[i] = (int) (limited + (0.5f - lowest)) + lowest;
        }
    }

    /// The extreme of the block on the lowest and on the highest level, or beyond them (and so clipped), or short of them.
    private void searchScale(float[] source, int from) {
        float extreme = RoundedBlocks.extreme(source, from, SIZE);
        minimum = 0;
        gain = 0;
        float best = extreme / lowest;
        for (int attempt = 0; attempt < SCALES; attempt++) {
            float stretch = LEAST_STRETCH + STRETCHES * attempt / SCALES;
            for (int end = 0; end < 2; end++) {
                scale = extreme / (stretch * (end == 0 ? lowest : highest));
                best = improvesScale(source, from) ? scale : best;
            }
        }
        scale = best;
        for (int round = 0; round < ROUNDS && improvesScale(source, from); round++) {
            best = scale;
        }
        scale = best;
    }

    /// Rounds with the present scale; where the least squares of these levels beat the best so far, takes their scale.
    private boolean improvesScale(float[] source, int from) {
        code(source, from);
        // Two chains each: one would wait for its own last addition most of the time.
        float product = 0;
        float product2 = 0;
        float square = 0;
        float square2 = 0;
        for (int i = 0; i < SIZE; i += 2) {
            float weighted = weights[i] * levels[i];
            float weighted2 = weights[i + 1] * levels[i + 1];
            product += weighted * source[from + i];
            product2 += weighted2 * source[from + i + 1];
            square += weighted * levels[i];
            square2 += weighted2 * levels[i + 1];
        }
        product += product2;
        square += square2;
        if (square == 0 || (double) product * product <= gain * square) {
            return false;
        }
        scale = product / square;
        gain = (double) product * product / square;
        return true;
    }

    /// From the least to the greatest number, or somewhat less or more at either end.
    private void searchRange(float[] source, int from) {
        float least = source[from];
        float greatest = least;
        for (int i = 1; i < SIZE; i++) {
            least = Math.min(least, source[from + i]);
            greatest = Math.max(greatest, source[from + i]);
        }
        float cut = CUT * (greatest - least);
        float bestScale = (greatest - least) / highest;
        float bestMinimum = least;
        gain = Double.NEGATIVE_INFINITY;
        for (int low = -1; low < CUTS - 1; low++) {
            for (int high = -1; high < CUTS - 1; high++) {
                minimum = least + cut * low;
                scale = (greatest - cut * high - minimum) / highest;
                if (improvesRange(source, from)) {
                    bestScale = scale;
                    bestMinimum = minimum;
                }
            }
        }
        scale = bestScale;
        minimum = bestMinimum;
        for (int round = 0; round < ROUNDS && improvesRange(source, from); round++) {
            bestScale = scale;
            bestMinimum = minimum;
        }
        scale = bestScale;
        minimum = bestMinimum;
    }

    /// As [#improvesScale], with a minimum: a line through levels and numbers.
    private boolean improvesRange(float[] source, int from) {
        code(source, from);
        double w = 0;
        double wx = 0;
        double wl = 0;
        double wll = 0;
        double wlx = 0;
        for (int i = 0; i < SIZE; i++) {
            double weighted = weights[i] * levels[i];
            w += weights[i];
            wx += weights[i] * source[from + i];
            wl += weighted;
            wll += weighted * levels[i];
            wlx += weighted * source[from + i];
        }
        double determinant = w * wll - wl * wl;
        if (determinant <= 0) {
            return false;
        }
        double slope = (w * wlx - wx * wl) / determinant;
        double base = (wll * wx - wl * wlx) / determinant;
        double explained = slope * wlx + base * wx; // of sum w x^2; the rest is the error
        if (explained <= gain) {
            return false;
        }
        scale = (float) slope;
        minimum = (float) base;
        gain = explained;
        return true;
    }
}
