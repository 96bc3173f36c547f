package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.mem;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Memory;
import mobilellm.assembler.Xmm;
import mobilellm.kernel.PackedForm;
import mobilellm.tensor.DType;

/// Products of quantised matrices with int8 activations ([Int8Rows]): a step is a block of 32 columns.
///
/// The integer sum of a block is exact; then `total = (sum * dx) * scale + total`. Minimums: `total = minimum * sx + total`.
/// Where a block has two runs all of this is done for each of them.
abstract class Int8Product extends ProductKernel {
    static final int BIAS_BITS = Float.floatToRawIntBits(Int8Rows.BIAS);

    final PackedForm form;
    final DType type;

    Int8Product(Assembler a, PackedForm form, int tokens) {
        super(a, tokens);
        this.form = form;
        type = form.type();
    }

    /// That of a tier.
    static Int8Product of(Assembler a, CpuTier tier, PackedForm form, int tokens) {
        return tier == CpuTier.AVX512_VNNI
                ? new Int8Product512(a, form, tokens)
                : new Int8Product256(a, tier, form, tokens);
    }

    /// A token's field of the block of activations.
    final <T> Memory<T> field(int field, int token) {
        return mem(x, Int8Rows.at(field, token, tokens));
    }

    /// What the sum of a block starts with on 512 bits.
    final Memory<Xmm> biasedStart(int token) {
        return switch (type) {
            case Q4_0 -> field(Int8Rows.NIBBLE_START, token);
            case Q8_0 -> field(Int8Rows.BYTE_START, token);
            default -> a.dwords(BIAS_BITS);
        };
    }

    /// Whether sums must start with -128 times those of a run's activations, which are at hand for whole blocks only.
    final boolean startsRuns() {
        return type == DType.Q8_0 && form.runs() > 1;
    }

    /// Slices of 4 columns that a run has.
    final int runSlices() {
        return 8 / form.runs();
    }

    @Override
    final boolean hasMinimums() {
        return form.hasMinimums();
    }

    @Override
    int weightBytes() {
        return form.weightBytes();
    }

    @Override
    final int activationBytes() {
        return tokens * Int8Rows.BLOCK_BYTES;
    }

    @Override
    int scaleBytes() {
        return form.factorBytes();
    }
}
