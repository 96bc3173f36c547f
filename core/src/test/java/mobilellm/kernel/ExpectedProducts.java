package mobilellm.kernel;

import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// `x W^T` in plain Java, rounded exactly as the fast providers promise to round it.
///
/// Plain weights: one fused multiply-add a column, in order. Quantised weights: each block of 32 activations becomes
/// integers `q = round(x * (127 / max))` with the scale `max / 127`; a block's integer products are summed exactly, and
/// `total = fma(sum * activationScale, weightScale, total)` runs over the blocks in order, after it for Q4_1
/// `total = fma(minimum, activationScale * sum of q, total)`.
final class ExpectedProducts {
    private static final int BLOCK = 32;

    /// Blocks below this are zero.
    private static final float TINY = 1e-30f;

    private final Tensor weights;
    private final int columns;
    private final int blocks;
    private final int[][] quants; // [rows, columns]; empty for plain weights
    private final float[] values; // [rows * columns]; for plain weights

    ExpectedProducts(Tensor weights) {
        this.weights = weights;
        columns = weights.columns();
        blocks = columns / BLOCK;
        boolean quantised = weights.type().isQuantised();
        quants = new int[quantised ? weights.rows() : 0][columns];
        values = quantised ? new float[0] : Dequantise.toFloat(weights);
        for (int row = 0; row < quants.length; row++) {
            for (int column = 0; column < columns; column++) {
                quants[row][column] = quant(row, column);
            }
        }
    }

    private long blockAt(int row, int block) {
        return row * weights.rowBytes() + (long) block * weights.type().blockBytes();
    }

    private int quant(int row, int column) {
        long at = blockAt(row, column / BLOCK);
        int i = column % BLOCK;
        return switch (weights.type()) {
            case Q8_0 -> weights.data().get(ValueLayout.JAVA_BYTE, at + 2 + i);
            case Q4_0 -> nibble(at + 2, i) - 8;
            case Q4_1 -> nibble(at + 4, i);
            default -> throw new AssertionError(weights.type());
        };
    }

    private int nibble(long at, int i) {
        int pair = weights.data().get(ValueLayout.JAVA_BYTE, at + i % 16);
        return (i < 16 ? pair : pair >> 4) & 15;
    }

    private float half(long at) {
        MemorySegment data = weights.data();
        return Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
    }

    /// The products of all rows of the matrix with one row of activations.
    float[] times(float[] x) {
        float[] products = new float[weights.rows()];
        if (weights.type().isQuantised()) {
            multiplyQuants(x, products);
        } else {
            for (int row = 0; row < products.length; row++) {
                for (int i = 0; i < columns; i++) {
                    products[row] = Math.fma(values[row * columns + i], x[i], products[row]);
                }
            }
        }
        return products;
    }

    private void multiplyQuants(float[] x, float[] products) {
        int[] q = new int[columns];
        float[] scales = new float[blocks];
        float[] scaledSums = new float[blocks];
        for (int block = 0; block < blocks; block++) {
            scales[block] = quantise(x, block * BLOCK, q);
            int sum = 0;
            for (int i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
                sum += q[i];
            }
            scaledSums[block] = scales[block] * sum;
        }
        boolean minimums = weights.type() == DType.Q4_1;
        for (int row = 0; row < products.length; row++) {
            float total = 0;
            for (int block = 0; block < blocks; block++) {
                int sum = 0;
                for (int i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
                    sum += quants[row][i] * q[i];
                }
                total = Math.fma(sum * scales[block], half(blockAt(row, block)), total);
            }
            for (int block = 0; minimums && block < blocks; block++) {
                total = Math.fma(half(blockAt(row, block) + 2), scaledSums[block], total);
            }
            products[row] = total;
        }
    }

    /// Rounds the block from `at` on and returns its scale.
    private static float quantise(float[] x, int at, int[] q) {
        float largest = 0;
        for (int i = at; i < at + BLOCK; i++) {
            largest = Math.max(largest, Math.abs(x[i]));
        }
        if (largest < TINY) {
            return 0;
        }
        float inverse = 127 / largest;
        for (int i = at; i < at + BLOCK; i++) {
            q[i] = (int) Math.rint(x[i] * inverse);
        }
        return largest / 127;
    }
}
