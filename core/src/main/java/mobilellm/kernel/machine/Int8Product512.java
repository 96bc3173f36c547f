package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.broadcast;
import static mobilellm.assembler.Registers.mem;
import static mobilellm.assembler.Registers.zmm;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.R64;
import mobilellm.assembler.Xmm;
import mobilellm.assembler.Zmm;
import mobilellm.kernel.PackedForm;
import mobilellm.tensor.DType;

/// Products of quantised matrices with int8 activations by `vpdpbusd` on 512 bits: one instruction multiplies 4 columns of 16 rows with
/// the broadcast activations of a token. A step is a block: its weights are unpacked into 8 registers once for all tokens.
final class Int8Product512 extends Int8Product {
    /// The most tokens of a tile: 12 totals, 8 weights, a scale, a mask, a temporary, 6 sums and an activation's scale.
    static final int MOST_TOKENS = 12;

    private static final int FIRST_WEIGHT = 12;
    private static final Zmm SCALE = zmm(20);
    private static final Zmm NIBBLE = zmm(21);
    private static final Zmm PACKED = zmm(22);

    // In place of the two above where sums of runs start with what bytes are stored too much.
    private static final Zmm ZERO_POINT = zmm(21);
    private static final Zmm BIAS = zmm(22);

    /// In place of weights, after all steps.
    private static final Zmm ONES = zmm(FIRST_WEIGHT);

    private static final int FIRST_SUM = 23;
    private static final int SUMS = 6;
    private static final Zmm ACTIVATION_SCALE = zmm(FIRST_SUM + SUMS);

    private final int groups;

    /// Where a group of several begins: bytes of weights and of scales from one group to the next.
    private final int groupBytes;

    private final int groupScaleBytes;

    Int8Product512(Assembler a, PackedForm form, int tokens) {
        this(a, form, tokens, 1, 0);
    }

    /// A product that makes several groups at once: bytes in blocks of 32, without minimums.
    ///
    /// @param steps blocks of a row
    Int8Product512(Assembler a, PackedForm form, int tokens, int groups, int steps) {
        super(a, form, tokens);
        this.groups = groups;
        groupBytes = steps * form.weightBytes();
        groupScaleBytes = steps * form.factorBytes();
    }

    @Override
    int groups() {
        return groups;
    }

    /// Groups that there is room for: a total and a sum for each of their tokens, and their weights, beside activations.
    static int mostGroups(int tokens) {
        return Integer.highestOneBit(Math.max(1, 28 / (2 * tokens + 1)));
    }

    @Override
    void prologue() {
        if (type != DType.Q8_0) {
            a.vmovdqu32(NIBBLE, a.filled(NIBBLE, 0x0F0F0F0F));
        } else if (startsRuns()) {
            a.vmovdqu32(ZERO_POINT, a.filled(ZERO_POINT, 0x80808080));
            a.vmovdqu32(BIAS, a.filled(BIAS, BIAS_BITS));
        }
    }

    @Override
    void zeroTotals() {
        for (int total = 0; total < tokens * groups; total++) {
            a.vpxord(zmm(total), zmm(total), zmm(total));
        }
    }

    @Override
    void step() {
        if (groups > 1) {
            stepTogether();
            return;
        }
        unpack();
        int slices = runSlices();
        for (int run = 0; run < form.runs(); run++) {
            factors(scales, run * 64);
            // Tokens in small lots, so that the chains of their sums overlap.
            for (int first = 0; first < tokens; first += SUMS) {
                multiply(first, Math.min(tokens, first + SUMS), run * slices, (run + 1) * slices);
            }
        }
    }

    /// A block of several groups: each activation is read once for all of them.
    private void stepTogether() {
        int sums = tokens * groups;
        int weight = 2 * sums;
        Zmm activation = zmm(weight + groups);
        for (int token = 0; token < tokens; token++) {
            for (int group = 0; group < groups; group++) {
                Zmm sum = zmm(sums + token * groups + group);
                a.vpbroadcastd(sum, biasedStart(token));
            }
        }
        for (int slice = 0; slice < weightBytes() / 64; slice++) {
            for (int group = 0; group < groups; group++) {
                fetch(group * groupBytes + 64 * slice);
                a.vmovdqu32(zmm(weight + group), mem(weights, group * groupBytes + 64 * slice));
            }
            for (int token = 0; token < tokens; token++) {
                a.vpbroadcastd(activation, this.<Xmm>field(slice, token));
                for (int group = 0; group < groups; group++) {
                    Zmm sum = zmm(sums + token * groups + group);
                    a.vpdpbusd(sum, zmm(weight + group), activation);
                }
            }
        }
        for (int group = 0; group < groups; group++) {
            a.vcvtph2ps(zmm(weight + group), mem(scales, group * groupScaleBytes));
        }
        for (int token = 0; token < tokens; token++) {
            a.vbroadcastss(activation, this.<Xmm>field(Int8Rows.SCALE, token));
            for (int group = 0; group < groups; group++) {
                int total = token * groups + group;
                Zmm sum = zmm(sums + total);
                a.vfmadd213ps(sum, activation, broadcast(field(Int8Rows.BIASED_SCALE, token)));
                a.vfmadd231ps(zmm(total), sum, zmm(weight + group));
            }
        }
    }

    private void factors(R64 pointer, int displacement) {
        if (form.factors() == DType.F32) {
            a.vmovups(SCALE, mem(pointer, displacement));
        } else {
            a.vcvtph2ps(SCALE, mem(pointer, displacement));
        }
    }

    private void unpack() {
        boolean bytes = type == DType.Q8_0;
        int slices = weightBytes() / 64;
        for (int slice = 0; slice < slices; slice++) {
            fetch(64 * slice);
            if (bytes) {
                a.vmovdqu32(weight(slice), mem(weights, 64 * slice));
            } else {
                a.vmovdqu32(PACKED, mem(weights, 64 * slice));
                a.vpandd(weight(slice), PACKED, NIBBLE);
                a.vpsrlw(PACKED, PACKED, 4);
                a.vpandd(weight(slice + 4), PACKED, NIBBLE);
            }
        }
    }

    private static Zmm weight(int slice) {
        return zmm(FIRST_WEIGHT + slice);
    }

    private void multiply(int from, int to, int firstSlice, int endSlice) {
        for (int token = from; token < to; token++) {
            if (startsRuns()) {
                a.vpxord(sum(token), sum(token), sum(token));
            } else {
                a.vpbroadcastd(sum(token), biasedStart(token));
            }
        }
        if (startsRuns()) {
            startRuns(from, to, firstSlice, endSlice);
        }
        for (int slice = firstSlice; slice < endSlice; slice++) {
            for (int token = from; token < to; token++) {
                a.vpdpbusd(sum(token), weight(slice), broadcast(field(slice, token)));
            }
        }
        for (int token = from; token < to; token++) {
            a.vbroadcastss(ACTIVATION_SCALE, this.<Xmm>field(Int8Rows.SCALE, token));
            a.vfmadd213ps(
                    sum(token), ACTIVATION_SCALE, broadcast(field(Int8Rows.BIASED_SCALE, token)));
            a.vfmadd231ps(zmm(token), sum(token), SCALE);
        }
    }

    /// Sums become -128 times those of the run's activations.
    private void startRuns(int from, int to, int firstSlice, int endSlice) {
        for (int slice = firstSlice; slice < endSlice; slice++) {
            for (int token = from; token < to; token++) {
                a.vpdpbusd(sum(token), ZERO_POINT, broadcast(field(slice, token)));
            }
        }
        for (int token = from; token < to; token++) {
            a.vpsubd(sum(token), BIAS, sum(token));
        }
    }

    @Override
    void endOfSteps() {
        if (hasMinimums() && form.runs() > 1) {
            a.vmovdqu32(ONES, a.filled(ONES, 0x01010101));
        }
        if (groups > 1) {
            a.add(scales, (groups - 1) * groupScaleBytes);
        }
    }

    @Override
    void minimumStep() {
        if (form.runs() > 1) {
            minimumsOfRuns();
            return;
        }
        factors(minimumPointer, 0);
        for (int token = 0; token < tokens; token++) {
            a.vfmadd231ps(zmm(token), SCALE, broadcast(field(Int8Rows.SCALED_SUM, token)));
        }
    }

    private void minimumsOfRuns() {
        for (int run = 0; run < form.runs(); run++) {
            factors(minimumPointer, run * 64);
            for (int token = 0; token < tokens; token++) {
                Zmm sum = sum(token);
                a.vpxord(sum, sum, sum);
                for (int slice = run * runSlices(); slice < (run + 1) * runSlices(); slice++) {
                    a.vpdpbusd(sum, ONES, broadcast(field(slice, token)));
                }
                a.vcvtdq2ps(sum, sum);
                a.vmulps(sum, sum, broadcast(field(Int8Rows.SCALE, token)));
                a.vfmadd231ps(zmm(token), SCALE, sum);
            }
        }
    }

    private static Zmm sum(int token) {
        return zmm(FIRST_SUM + token % SUMS);
    }

    @Override
    void writeTotal(int token, R64 y, boolean accumulate) {
        for (int group = 0; group < groups; group++) {
            Zmm total = zmm(token * groups + group);
            if (accumulate) {
                a.vaddps(total, total, mem(y, 64 * group));
            }
            a.vmovups(mem(y, 64 * group), total);
        }
    }
}
