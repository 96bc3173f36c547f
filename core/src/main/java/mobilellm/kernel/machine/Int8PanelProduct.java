package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.broadcast;
import static mobilellm.assembler.Registers.mem;
import static mobilellm.assembler.Registers.zmm;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.R64;
import mobilellm.assembler.Xmm;
import mobilellm.assembler.Zmm;
import mobilellm.kernel.PackedForm;

/// Products of an [Int8Panel] with int8 activations by `vpdpbusd` on 512 bits, for batches of many tokens. The same sums in the same order as [Int8Product512].
///
/// The processor multiplies twice a cycle and loads twice a cycle: where each product loads its own activation, nothing is left for weights. Here an activation is
/// loaded once for both groups, and 12 sums are enough for none to wait.
final class Int8PanelProduct extends Int8Product {
    /// The most tokens of a tile: 12 totals, 12 sums, 4 weights and 4 activations.
    static final int MOST_TOKENS = 6;

    private static final int FIRST_WEIGHT = 24;
    private static final int FIRST_ACTIVATION = 28;
    private static final int ACTIVATIONS = 4;

    private int activations;

    Int8PanelProduct(Assembler a, PackedForm form, int tokens) {
        super(a, form, tokens);
    }

    @Override
    int groups() {
        return Int8Panel.GROUPS;
    }

    @Override
    int weightBytes() {
        return Int8Panel.GROUPS * Int8Panel.WEIGHT_BYTES;
    }

    @Override
    int scaleBytes() {
        return Int8Panel.GROUPS * Int8Panel.FACTOR_BYTES;
    }

    @Override
    void prologue() {}

    @Override
    void zeroTotals() {
        for (int token = 0; token < tokens; token++) {
            for (int group = 0; group < groups(); group++) {
                a.vpxord(total(group, token), total(group, token), total(group, token));
            }
        }
    }

    @Override
    void step() {
        for (int token = 0; token < tokens; token++) {
            for (int group = 0; group < groups(); group++) {
                a.vpbroadcastd(sum(group, token), biasedStart(token));
            }
        }
        for (int slice = 0; slice < runSlices(); slice++) {
            multiply(slice);
        }
        factors(scales);
        for (int token = 0; token < tokens; token++) {
            Zmm scale = activation(Int8Rows.SCALE, token);
            for (int group = 0; group < groups(); group++) {
                Zmm sum = sum(group, token);
                a.vfmadd213ps(sum, scale, broadcast(field(Int8Rows.BIASED_SCALE, token)));
                a.vfmadd231ps(total(group, token), sum, weight(0, group));
            }
        }
    }

    private void multiply(int slice) {
        for (int group = 0; group < groups(); group++) {
            a.vmovdqu32(
                    weight(slice, group),
                    mem(weights, group * Int8Panel.WEIGHT_BYTES + 64 * slice));
        }
        for (int token = 0; token < tokens; token++) {
            Zmm activation = activation(slice, token);
            for (int group = 0; group < groups(); group++) {
                a.vpdpbusd(sum(group, token), weight(slice, group), activation);
            }
        }
    }

    /// In place of the first weights.
    private void factors(R64 pointer) {
        for (int group = 0; group < groups(); group++) {
            a.vmovups(weight(0, group), mem(pointer, group * Int8Panel.FACTOR_BYTES));
        }
    }

    /// A token's field in all lanes of a register.
    private Zmm activation(int field, int token) {
        Zmm activation = zmm(FIRST_ACTIVATION + activations++ % ACTIVATIONS);
        a.vpbroadcastd(activation, this.<Xmm>field(field, token));
        return activation;
    }

    @Override
    void endOfSteps() {}

    @Override
    void minimumStep() {
        factors(minimumPointer);
        for (int token = 0; token < tokens; token++) {
            Zmm scaledSum = activation(Int8Rows.SCALED_SUM, token);
            for (int group = 0; group < groups(); group++) {
                a.vfmadd231ps(total(group, token), weight(0, group), scaledSum);
            }
        }
    }

    private Zmm total(int group, int token) {
        return zmm(group * tokens + token);
    }

    private Zmm sum(int group, int token) {
        return zmm(2 * MOST_TOKENS + group * tokens + token);
    }

    /// Those of two slices take turns.
    private static Zmm weight(int slice, int group) {
        return zmm(FIRST_WEIGHT + slice % 2 * Int8Panel.GROUPS + group);
    }

    @Override
    void writeTotal(int token, R64 y, boolean accumulate) {
        for (int group = 0; group < groups(); group++) {
            Zmm total = total(group, token);
            if (accumulate) {
                a.vaddps(total, total, mem(y, group * Simd.BYTES));
            }
            a.vmovups(mem(y, group * Simd.BYTES), total);
        }
    }
}
