package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.mem;

import mobilellm.assembler.Memory;
import mobilellm.tensor.DType;

/// Products of quantised matrices with int8 activations ([Int8Rows]): a step is a block of 32 columns.
///
/// The integer sum of a block is exact; then `total = (sum * dx) * scale + total`. Minimums: `total = minimum * sx + total`.
abstract class Int8Product extends ProductKernel {
    final DType type;
    private final boolean minimums;

    Int8Product(DType type, boolean minimums, int tokens) {
        super(tokens);
        this.type = type;
        this.minimums = minimums;
    }

    /// A token's field of the block of activations.
    final <T> Memory<T> field(int field, int token) {
        return mem(x, Int8Rows.at(field, token, tokens));
    }

    @Override
    final boolean hasMinimums() {
        return minimums;
    }

    @Override
    final int weightBytes() {
        return type == DType.Q8_0 ? 512 : 256;
    }

    @Override
    final int activationBytes() {
        return tokens * Int8Rows.BLOCK_BYTES;
    }

    @Override
    final int scaleBytes() {
        return 32;
    }
}
