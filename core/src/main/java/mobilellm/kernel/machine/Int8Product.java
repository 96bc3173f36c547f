package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.mem;

import mobilellm.assembler.Memory;
import mobilellm.kernel.PackedForm;
import mobilellm.tensor.DType;

/// Products of quantised matrices with int8 activations ([Int8Rows]): a step is a block of 32 columns.
///
/// The integer sum of a block is exact; then `total = (sum * dx) * scale + total`. Minimums: `total = minimum * sx + total`.
abstract class Int8Product extends ProductKernel {
    final PackedForm form;
    final DType type;

    Int8Product(PackedForm form, int tokens) {
        super(tokens);
        this.form = form;
        type = form.type();
    }

    /// A token's field of the block of activations.
    final <T> Memory<T> field(int field, int token) {
        return mem(x, Int8Rows.at(field, token, tokens));
    }

    @Override
    final boolean hasMinimums() {
        return form.hasMinimums();
    }

    @Override
    final int weightBytes() {
        return form.weightBytes();
    }

    @Override
    final int activationBytes() {
        return tokens * Int8Rows.BLOCK_BYTES;
    }

    @Override
    final int scaleBytes() {
        return form.factorBytes();
    }
}
