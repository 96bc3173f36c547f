package mobilellm.kernel;

import mobilellm.quant.Block;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// `x W^T` in plain Java, rounded exactly as the fast providers promise to round it.
///
/// Weights are in the form in which they are packed ([PackedForm]). Plain weights: one fused multiply-add a column, in order. Quantised weights: each block of 32 activations becomes
/// integers `q = round(x * (127 / max))` with the scale `max / 127`, whose last two bits become zero; a block's integer products are summed exactly, and
/// `total = fma(sum * activationScale, weightScale, total)` runs over the blocks in order, after it, with minimums,
/// `total = fma(minimum, activationScale * sum of q, total)`; where a block has two runs, for each of them. [PackedForm#W8A8]: the scale of a whole row, of weights and of activations, is
/// `max / 127`, and `q = round(x / scale)`; the rest is the same.
final class ExpectedProducts {
    private static final int BLOCK = 32;

    /// Blocks below this are zero.
    private static final float TINY = 1e-30f;

    private final Tensor weights;
    private final int columns;
    private final int blocks;
    private final int runs; // of a block, with a scale and perhaps a minimum each
    private final boolean wholeRows;
    private final boolean minimums;
    private final int[][] quants; // [rows, columns]; empty for plain weights
    private final float[][] weightScales; // [rows, blocks * runs]
    private final float[][] weightMinimums; // [rows, blocks * runs]
    private final float[] values; // [rows * columns]; for plain weights

    ExpectedProducts(Tensor weights, PackedForm form) {
        this.weights = weights;
        columns = weights.columns();
        blocks = Math.ceilDiv(columns, BLOCK);
        runs = form.runs();
        wholeRows = form == PackedForm.W8A8;
        boolean quantised = form.isQuantised();
        minimums = form.hasMinimums();
        quants = new int[quantised ? weights.rows() : 0][columns];
        weightScales = new float[quants.length][blocks * runs];
        weightMinimums = new float[quants.length][blocks * runs];
        values = quantised ? new float[0] : Dequantise.toFloat(weights);
        for (int row = 0; row < quants.length; row++) {
            if (wholeRows) {
                round(row);
            } else {
                takeApart(row);
            }
        }
    }

    private void round(int row) {
        float[] numbers = Dequantise.toFloat(weights);
        float[] of = Arrays.copyOfRange(numbers, row * columns, (row + 1) * columns);
        Arrays.fill(weightScales[row], roundRow(of, quants[row]));
    }

    /// Rounds with one scale and returns it.
    private static float roundRow(float[] x, int[] q) {
        float largest = 0;
        for (float value : x) {
            largest = Math.max(largest, Math.abs(value));
        }
        if (largest < TINY) {
            return 0;
        }
        float scale = largest / 127;
        for (int i = 0; i < x.length; i++) {
            q[i] = (int) Math.rint(x[i] / scale);
        }
        return scale;
    }

    private void takeApart(int row) {
        DType type = weights.type();
        byte[] stored =
                weights.data()
                        .asSlice(row * weights.rowBytes(), weights.rowBytes())
                        .toArray(ValueLayout.JAVA_BYTE);
        Block block = new Block();
        for (int column = 0; column < columns; column++) {
            int i = column % type.blockSize();
            if (i == 0) {
                block.read(type, stored, column / type.blockSize() * type.blockBytes());
            }
            quants[row][column] = block.quants()[i];
            weightScales[row][column * runs / BLOCK] = block.scales()[i / Block.RUN];
            weightMinimums[row][column * runs / BLOCK] = block.minimums()[i / Block.RUN];
        }
    }

    /// The products of all rows of the matrix with one row of activations.
    float[] times(float[] x) {
        float[] products = new float[weights.rows()];
        if (quants.length > 0) {
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
        float[] scaledSums = new float[blocks * runs];
        int width = BLOCK / runs;
        if (wholeRows) {
            Arrays.fill(scales, withoutLastBits(roundRow(x, q)));
        }
        for (int block = 0; block < blocks; block++) {
            if (!wholeRows) {
                scales[block] = withoutLastBits(quantise(x, block * BLOCK, q));
            }
        }
        for (int run = 0; run < blocks * runs; run++) {
            int sum = 0;
            for (int i = run * width; i < Math.min(columns, (run + 1) * width); i++) {
                sum += q[i];
            }
            scaledSums[run] = scales[run / runs] * sum;
        }
        for (int row = 0; row < products.length; row++) {
            float total = 0;
            for (int run = 0; run < blocks * runs; run++) {
                int sum = 0;
                for (int i = run * width; i < Math.min(columns, (run + 1) * width); i++) {
                    sum += quants[row][i] * q[i];
                }
                total = Math.fma(sum * scales[run / runs], weightScales[row][run], total);
            }
            for (int run = 0; minimums && run < blocks * runs; run++) {
                total = Math.fma(weightMinimums[row][run], scaledSums[run], total);
            }
            products[row] = total;
        }
    }

    private static float withoutLastBits(float scale) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(scale) & -4);
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
