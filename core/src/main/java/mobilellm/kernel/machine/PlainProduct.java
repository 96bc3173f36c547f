package mobilellm.kernel.machine;

import mobilellm.assembler.CpuTier;
import mobilellm.assembler.R64;
import mobilellm.tensor.DType;

/// Products in f32 of rows of activations with a matrix of a plain type, one column of 16 rows a step. Attention uses them too: its
/// scores are products with a block of 16 keys, its output the product of the scores with values.
final class PlainProduct extends ProductKernel {
    private final Simd simd;
    private final DType type;
    private final Tokens layout;
    private final int weightBytes;

    /// Where the activations of the tokens of a tile are: `heads` parts of each of `rows` rows, one token each.
    ///
    /// @param rowBytes from one row to the next
    /// @param headBytes from one part of a row to the next
    record Tokens(int rows, int rowBytes, int heads, int headBytes) {
        /// One token a row.
        static Tokens rows(int rows, int rowBytes) {
            return new Tokens(rows, rowBytes, 1, 0);
        }

        int count() {
            return rows * heads;
        }

        int offset(int token) {
            return token / heads * rowBytes + token % heads * headBytes;
        }
    }

    /// @param weightBytes from the 16 weights of one column to those of the next
    PlainProduct(CpuTier tier, DType type, Tokens layout, int weightBytes) {
        super(layout.count());
        simd = Simd.of(tier, a);
        this.type = type;
        this.layout = layout;
        this.weightBytes = weightBytes;
    }

    /// The most tokens of a tile: the totals and 16 weights are held in registers.
    static int mostTokens(CpuTier tier) {
        return tier == CpuTier.AVX512_VNNI ? 12 : 6;
    }

    @Override
    void prologue() {}

    @Override
    void zeroTotals() {
        for (int token = 0; token < tokens; token++) {
            simd.zero(token);
        }
    }

    @Override
    void step() {
        simd.widen(tokens, type, weights, 0);
        for (int token = 0; token < tokens; token++) {
            simd.multiplyAddRepeated(token, tokens, x, layout.offset(token));
        }
    }

    @Override
    void endOfSteps() {}

    @Override
    boolean hasMinimums() {
        return false;
    }

    @Override
    void minimumStep() {}

    @Override
    int weightBytes() {
        return weightBytes;
    }

    @Override
    int activationBytes() {
        return Float.BYTES;
    }

    @Override
    int scaleBytes() {
        return 0;
    }

    @Override
    void writeTotal(int token, R64 y, boolean accumulate) {
        if (accumulate) {
            simd.add(token, token, y, 0);
        }
        simd.store(y, 0, token);
    }
}
