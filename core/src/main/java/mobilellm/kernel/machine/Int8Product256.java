package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.mem;
import static mobilellm.assembler.Registers.rdi;
import static mobilellm.assembler.Registers.ymm;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Memory;
import mobilellm.assembler.R64;
import mobilellm.assembler.Xmm;
import mobilellm.assembler.Ymm;
import mobilellm.kernel.PackedForm;
import mobilellm.tensor.DType;

/// Products of quantised matrices with int8 activations on 256 bits, two registers for 16 rows. The same steps and the same bits as
/// [Int8Product512]; totals wait in memory (the innermost cache), because the sums of a block take all registers.
///
/// Without `vpdpbusd` (AVX2) the products of a block are summed in 16 bits where that is exact:
/// - Nibbles: a lane's sum over a block is at most 16 * 15 * 127 = 30,480.
/// - Bytes, as signed `s`: `vpmaddubsw(|s|, sign(x, s))` is exact for every s, -128 included, and is widened at once.
final class Int8Product256 extends Int8Product {
    private static final Ymm FIRST = ymm(12);
    private static final Ymm SECOND = ymm(13);
    private static final Ymm ACTIVATION = ymm(14);
    private static final Ymm PRODUCT = ymm(15);

    private final boolean vnni;

    Int8Product256(Assembler a, CpuTier tier, PackedForm form, int tokens) {
        super(a, form, tokens);
        vnni = tier == CpuTier.AVX_VNNI;
    }

    /// The most tokens of a tile: two sums each, beside weights, an activation and a product.
    static int mostTokens(CpuTier tier, PackedForm form) {
        return tier == CpuTier.AVX2 && form.type() == DType.Q8_0 ? 4 : 6;
    }

    @Override
    void prologue() {}

    @Override
    void zeroTotals() {
        a.vpxor(FIRST, FIRST, FIRST);
        for (int i = 0; i < 2 * tokens; i++) {
            a.vmovups(mem(rdi, SCRATCH + 32 * i), FIRST);
        }
    }

    @Override
    void step() {
        int slices = runSlices();
        for (int run = 0; run < form.runs(); run++) {
            run(run * slices, (run + 1) * slices);
            finish(run * 64);
        }
    }

    private void run(int firstSlice, int endSlice) {
        if (vnni && startsRuns()) {
            startRuns(firstSlice, endSlice);
        } else {
            startSums();
        }
        for (int slice = firstSlice; slice < endSlice; slice++) {
            if (type == DType.Q8_0) {
                a.vmovdqu(FIRST, mem(weights, 64 * slice));
                a.vmovdqu(SECOND, mem(weights, 64 * slice + 32));
            } else {
                nibbles(slice);
            }
            if (slice < weightBytes() / 64) {
                fetch(64 * slice);
            }
            if (vnni) {
                multiplyVnni(slice);
            } else if (type == DType.Q8_0) {
                multiplyBytes(slice);
            } else {
                multiplyNibbles(slice);
            }
        }
    }

    /// Sums become -128 times those of the run's activations.
    private void startRuns(int firstSlice, int endSlice) {
        a.vmovdqu(FIRST, a.filled(FIRST, 0x80808080));
        a.vpxor(PRODUCT, PRODUCT, PRODUCT);
        for (int token = 0; token < tokens; token++) {
            a.vpxor(sum(token, 0), sum(token, 0), sum(token, 0));
            for (int slice = firstSlice; slice < endSlice; slice++) {
                a.vpbroadcastd(ACTIVATION, this.<Xmm>field(slice, token));
                a.vpdpbusdVex(sum(token, 0), FIRST, ACTIVATION);
            }
            a.vpsubd(sum(token, 0), PRODUCT, sum(token, 0));
            a.vmovdqa(sum(token, 1), sum(token, 0));
        }
    }

    private void startSums() {
        for (int token = 0; token < tokens; token++) {
            int field =
                    switch (type) {
                        case Q4_0 -> Int8Rows.NIBBLE_START;
                        case Q8_0 -> vnni ? Int8Rows.BYTE_START : -1;
                        default -> -1;
                    };
            if (field < 0) {
                a.vpxor(sum(token, 0), sum(token, 0), sum(token, 0));
                a.vpxor(sum(token, 1), sum(token, 1), sum(token, 1));
            } else {
                a.vpbroadcastd(sum(token, 0), this.<Xmm>field(field, token));
                a.vmovdqa(sum(token, 1), sum(token, 0));
            }
        }
    }

    private void nibbles(int slice) {
        int at = 64 * (slice % 4);
        Memory<Ymm> mask = a.filled(FIRST, 0x0F0F0F0F);
        if (slice < 4) {
            a.vmovdqu(FIRST, mem(weights, at));
            a.vmovdqu(SECOND, mem(weights, at + 32));
        } else {
            a.vmovdqu(FIRST, mem(weights, at));
            a.vmovdqu(SECOND, mem(weights, at + 32));
            a.vpsrlw(FIRST, FIRST, 4);
            a.vpsrlw(SECOND, SECOND, 4);
        }
        a.vpand(FIRST, FIRST, mask);
        a.vpand(SECOND, SECOND, mask);
    }

    private void multiplyVnni(int slice) {
        for (int token = 0; token < tokens; token++) {
            a.vpbroadcastd(ACTIVATION, this.<Xmm>field(slice, token));
            a.vpdpbusdVex(sum(token, 0), FIRST, ACTIVATION);
            a.vpdpbusdVex(sum(token, 1), SECOND, ACTIVATION);
        }
    }

    private void multiplyNibbles(int slice) {
        for (int token = 0; token < tokens; token++) {
            a.vpbroadcastd(ACTIVATION, this.<Xmm>field(slice, token));
            a.vpmaddubsw(PRODUCT, FIRST, ACTIVATION);
            a.vpmaddubsw(ACTIVATION, SECOND, ACTIVATION);
            a.vpaddw(sum(token, 0), sum(token, 0), PRODUCT);
            a.vpaddw(sum(token, 1), sum(token, 1), ACTIVATION);
        }
    }

    /// Up to 4 tokens: `ymm 8` and `ymm 9` hold the signed weights, `FIRST` and `SECOND` their magnitudes.
    private void multiplyBytes(int slice) {
        Ymm[] signed = {ymm(8), ymm(9)};
        Ymm[] magnitudes = {FIRST, SECOND};
        Memory<Ymm> ones = a.filled(FIRST, 0x00010001);
        for (int half = 0; half < 2; half++) {
            a.vpxor(signed[half], magnitudes[half], a.filled(FIRST, 0x80808080));
            a.vpabsb(magnitudes[half], signed[half]);
        }
        for (int token = 0; token < tokens; token++) {
            a.vpbroadcastd(ACTIVATION, this.<Xmm>field(slice, token));
            for (int half = 0; half < 2; half++) {
                a.vpsignb(PRODUCT, ACTIVATION, signed[half]);
                a.vpmaddubsw(PRODUCT, magnitudes[half], PRODUCT);
                a.vpmaddwd(PRODUCT, PRODUCT, ones);
                a.vpaddd(sum(token, half), sum(token, half), PRODUCT);
            }
        }
    }

    private void finish(int displacement) {
        boolean pairs = !vnni && type != DType.Q8_0;
        factors(scales, displacement);
        for (int token = 0; token < tokens; token++) {
            a.vbroadcastss(ACTIVATION, this.<Xmm>field(Int8Rows.SCALE, token));
            for (int half = 0; half < 2; half++) {
                Ymm sum = sum(token, half);
                if (pairs) {
                    a.vpmaddwd(sum, sum, a.filled(sum, 0x00010001));
                }
                a.vcvtdq2ps(sum, sum);
                a.vmulps(sum, sum, ACTIVATION);
                a.vmovups(PRODUCT, total(token, half));
                a.vfmadd231ps(PRODUCT, sum, half == 0 ? FIRST : SECOND);
                a.vmovups(total(token, half), PRODUCT);
            }
        }
    }

    /// To `FIRST` and `SECOND`.
    private void factors(R64 pointer, int displacement) {
        if (form.factors() == DType.F32) {
            a.vmovups(FIRST, mem(pointer, displacement));
            a.vmovups(SECOND, mem(pointer, displacement + 32));
        } else {
            a.vcvtph2ps(FIRST, mem(pointer, displacement));
            a.vcvtph2ps(SECOND, mem(pointer, displacement + 16));
        }
    }

    /// From here on totals are in the registers of the sums.
    @Override
    void endOfSteps() {
        for (int token = 0; token < tokens; token++) {
            for (int half = 0; half < 2; half++) {
                a.vmovups(sum(token, half), total(token, half));
            }
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
            a.vbroadcastss(ACTIVATION, this.<Xmm>field(Int8Rows.SCALED_SUM, token));
            a.vfmadd231ps(sum(token, 0), FIRST, ACTIVATION);
            a.vfmadd231ps(sum(token, 1), SECOND, ACTIVATION);
        }
    }

    private void minimumsOfRuns() {
        for (int run = 0; run < form.runs(); run++) {
            for (int token = 0; token < tokens; token++) {
                scaledSum(run, token);
                factors(minimumPointer, run * 64);
                a.vfmadd231ps(sum(token, 0), FIRST, PRODUCT);
                a.vfmadd231ps(sum(token, 1), SECOND, PRODUCT);
            }
        }
    }

    /// `PRODUCT` becomes the scaled sum of a run's activations, by products with ones.
    private void scaledSum(int run, int token) {
        a.vmovdqu(FIRST, a.filled(FIRST, 0x01010101));
        a.vpxor(PRODUCT, PRODUCT, PRODUCT);
        for (int slice = run * runSlices(); slice < (run + 1) * runSlices(); slice++) {
            a.vpbroadcastd(ACTIVATION, this.<Xmm>field(slice, token));
            if (vnni) {
                a.vpdpbusdVex(PRODUCT, FIRST, ACTIVATION);
            } else {
                a.vpmaddubsw(ACTIVATION, FIRST, ACTIVATION);
                a.vpaddw(PRODUCT, PRODUCT, ACTIVATION);
            }
        }
        if (!vnni) {
            a.vpmaddwd(PRODUCT, PRODUCT, a.filled(PRODUCT, 0x00010001));
        }
        a.vcvtdq2ps(PRODUCT, PRODUCT);
        a.vbroadcastss(ACTIVATION, this.<Xmm>field(Int8Rows.SCALE, token));
        a.vmulps(PRODUCT, PRODUCT, ACTIVATION);
    }

    private static Ymm sum(int token, int half) {
        return ymm(2 * token + half);
    }

    private static Memory<Ymm> total(int token, int half) {
        return mem(rdi, SCRATCH + 64 * token + 32 * half);
    }

    @Override
    void writeTotal(int token, R64 y, boolean accumulate) {
        for (int half = 0; half < 2; half++) {
            Ymm total = sum(token, half);
            if (accumulate) {
                a.vaddps(total, total, mem(y, 32 * half));
            }
            a.vmovups(mem(y, 32 * half), total);
        }
    }
}
