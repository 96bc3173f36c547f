package mobilellm.kernel.machine;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.R64;
import mobilellm.kernel.PackedForm;
import mobilellm.tensor.DType;

/// Products in f32 of rows of activations with a matrix of a plain type, one column of 16 rows a step. Attention uses them too: its
/// scores are products with a block of 16 keys, its output the product of the scores with values.
final class PlainProduct extends ProductKernel {
    private static final int LINE = 64;

    private final Simd simd;
    private final DType type;
    private final Tokens layout;
    private final Columns columns;

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

    /// Where the weights of a step are: 16 of a column of each of `groups` groups of rows.
    ///
    /// @param bytes from one column to the next
    /// @param groupBytes from one group to the next
    record Columns(int bytes, int groups, int groupBytes) {
        /// Some groups of a packed matrix.
        static Columns of(PackedForm form, int columns, int groups) {
            return new Columns(form.weightBytes(), groups, columns * form.weightBytes());
        }
    }

    PlainProduct(Assembler a, CpuTier tier, DType type, Tokens layout, Columns columns) {
        super(a, layout.count());
        simd = Simd.of(tier, a);
        this.type = type;
        this.layout = layout;
        this.columns = columns;
    }

    /// The most tokens of a tile. The totals and 16 weights are held in registers. Fewer tokens need more groups, because a total waits 4
    /// cycles for the one before it.
    static int mostTokens(CpuTier tier) {
        return tier == CpuTier.AVX512_VNNI ? 12 : 6;
    }

    /// Groups of a matrix's rows at once, for which there is room in registers whatever the tokens.
    static int groupsTogether(CpuTier tier) {
        return tier == CpuTier.AVX512_VNNI ? 2 : 1;
    }

    /// Totals that find room in registers.
    static int mostTotals(CpuTier tier) {
        return mostTokens(tier) * groupsTogether(tier);
    }

    @Override
    void prologue() {}

    @Override
    void zeroTotals() {
        for (int total = 0; total < tokens * columns.groups; total++) {
            simd.zero(total);
        }
    }

    @Override
    void step() {
        int weight = tokens * columns.groups;
        int activation = weight + columns.groups;
        if (columns.groups > 1 && activation < simd.values()) {
            stepSharingActivations(weight, activation);
            return;
        }
        for (int group = 0; group < columns.groups; group++) {
            widen(weight, group);
            for (int token = 0; token < tokens; token++) {
                simd.multiplyAddRepeated(total(group, token), weight, x, layout.offset(token));
            }
        }
    }

    /// Each activation is read once for all groups. The processor loads as often as it multiplies, so products that each read their own
    /// leave no load for the weights.
    private void stepSharingActivations(int weight, int activation) {
        for (int group = 0; group < columns.groups; group++) {
            widen(weight + group, group);
        }
        for (int token = 0; token < tokens; token++) {
            simd.repeat(activation, x, layout.offset(token));
            for (int group = 0; group < columns.groups; group++) {
                simd.multiplyAdd(total(group, token), weight + group, activation);
            }
        }
    }

    private void widen(int value, int group) {
        int displacement = group * columns.groupBytes;
        if (displacement % LINE == 0) {
            fetch(displacement);
        }
        simd.widen(value, type, weights, displacement);
    }

    private int total(int group, int token) {
        return group * tokens + token;
    }

    @Override
    int groups() {
        return columns.groups;
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
        return columns.bytes;
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
        for (int group = 0; group < columns.groups; group++) {
            int total = total(group, token);
            if (accumulate) {
                simd.add(total, total, y, group * Simd.BYTES);
            }
            simd.store(y, group * Simd.BYTES, total);
        }
    }
}
