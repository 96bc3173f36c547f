package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.Label;
import mobilellm.assembler.R64;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.tensor.DType;

import java.lang.foreign.Arena;

/// Products of a quantised matrix with many tokens: two groups of its rows after the other are unpacked into a panel, once instead of for every tile, in memory that fits
/// a cache, and multiplied with all tiles of tokens by [Int8PanelProduct]. One call is a member's whole share.
///
/// A panel has 32 columns of both groups as bytes, block after block; behind all of them scales and, where there are any, minimums of both groups, f32.
final class Int8Panel {
    static final int GROUPS = 2;

    /// Bytes of a block of a group: its integers, and its scales or minimums.
    static final int WEIGHT_BYTES = PackedMatrix.GROUP * PackedMatrix.BLOCK;

    static final int FACTOR_BYTES = Simd.BYTES;

    // Arguments, behind those of the product: X and Y are of the first tile, WEIGHTS, SCALES and
    // MINIMUMS where the panel is.
    static final int PANELS = ProductKernel.SCRATCH;
    static final int SOURCE = PANELS + 8;
    static final int SOURCE_SCALES = PANELS + 16;
    static final int SOURCE_MINIMUMS = PANELS + 24;

    /// Whole tiles of [Int8PanelProduct#MOST_TOKENS].
    static final int WHOLE_TILES = PANELS + 32;

    static final int FIRST_X = PANELS + 40;

    /// The tile of the rest.
    static final int REST_X = PANELS + 48;

    static final int REST_Y = PANELS + 56;
    private static final int FIRST_Y = PANELS + 64;
    private static final int ARGUMENT_BYTES = PANELS + 72;

    private static final R64 source = rsi;
    private static final R64 target = rcx;
    private static final R64 blocks = rdx;

    private final Assembler a = new Assembler();
    private final PackedForm form;
    private final int rest;
    private final int distance;

    /// @param rest tokens of the tile behind the whole ones, or none
    /// @param distance how many bytes ahead weights are fetched
    Int8Panel(PackedForm form, int rest, int distance) {
        this.form = form;
        this.rest = rest;
        this.distance = distance;
    }

    /// Whether panels are made of a form's blocks.
    static boolean holds(PackedForm form) {
        return form.isQuantised() && form.runs() == 1;
    }

    static Arguments arguments(Arena arena) {
        return new Arguments(arena, ARGUMENT_BYTES, ARGUMENT_BYTES);
    }

    /// Bytes of a panel of so many blocks.
    static long bytes(int blocks) {
        return minimums(blocks) + (long) blocks * GROUPS * FACTOR_BYTES;
    }

    /// Where its scales begin.
    static long scales(int blocks) {
        return (long) blocks * GROUPS * WEIGHT_BYTES;
    }

    /// Where its minimums begin.
    static long minimums(int blocks) {
        return scales(blocks) + (long) blocks * GROUPS * FACTOR_BYTES;
    }

    Code code() {
        var frame = CallingConvention.current().enter(a, rbx, rbp, r12, r13, r14, r15);
        Label panel = a.label();
        move(ProductKernel.Y, FIRST_Y);
        a.bind(panel);
        a.vmovdqu32(zmm(0), a.filled(zmm(0), 0x0F0F0F0F));
        for (int group = 0; group < GROUPS; group++) {
            unpack(SOURCE, ProductKernel.WEIGHTS, group * WEIGHT_BYTES, this::integers);
            unpack(SOURCE_SCALES, ProductKernel.SCALES, group * FACTOR_BYTES, this::factors);
            if (form.hasMinimums()) {
                unpack(
                        SOURCE_MINIMUMS,
                        ProductKernel.MINIMUMS,
                        group * FACTOR_BYTES,
                        this::factors);
            }
        }
        move(FIRST_X, ProductKernel.X);
        move(FIRST_Y, ProductKernel.Y);
        move(WHOLE_TILES, ProductKernel.TILES);
        new Int8PanelProduct(a, form, Int8PanelProduct.MOST_TOKENS).write();
        if (rest > 0) {
            move(REST_X, ProductKernel.X);
            move(REST_Y, ProductKernel.Y);
            a.mov(rax, 1);
            a.mov(mem(rdi, ProductKernel.TILES), rax);
            new Int8PanelProduct(a, form, rest).write();
        }
        a.mov(rax, GROUPS * Simd.BYTES);
        a.add(mem(rdi, FIRST_Y), rax);
        a.add(mem(rdi, REST_Y), rax);
        a.mov(rax, 1);
        a.sub(mem(rdi, PANELS), rax);
        a.jnz(panel);
        frame.leave();
        return a.assemble();
    }

    private void move(int from, int to) {
        a.mov(rax, mem(rdi, from));
        a.mov(mem(rdi, to), rax);
    }

    /// Unpacks all blocks of a group and moves on to the next group.
    private void unpack(int from, int to, int displacement, Runnable block) {
        Label next = a.label();
        a.mov(source, mem(rdi, from));
        a.mov(target, mem(rdi, to));
        a.add(target, displacement);
        a.mov(blocks, mem(rdi, ProductKernel.STEPS));
        a.bind(next);
        block.run();
        a.dec(blocks);
        a.jnz(next);
        a.mov(mem(rdi, from), source);
    }

    private void integers() {
        for (int at = 0; at < form.weightBytes(); at += 64) {
            a.prefetcht0(mem(source, distance + at));
            a.vmovdqu32(zmm(1), mem(source, at));
            if (form.type() == DType.Q8_0) {
                a.vmovdqu32(mem(target, at), zmm(1));
            } else {
                a.vpandd(zmm(2), zmm(1), zmm(0));
                a.vmovdqu32(mem(target, at), zmm(2));
                a.vpsrlw(zmm(1), zmm(1), 4);
                a.vpandd(zmm(1), zmm(1), zmm(0));
                a.vmovdqu32(mem(target, at + WEIGHT_BYTES / 2), zmm(1));
            }
        }
        a.add(source, form.weightBytes());
        a.add(target, GROUPS * WEIGHT_BYTES);
    }

    private void factors() {
        if (form.factors() == DType.F32) {
            a.vmovups(zmm(1), mem(source));
        } else {
            a.vcvtph2ps(zmm(1), mem(source));
        }
        a.vmovups(mem(target), zmm(1));
        a.add(source, form.factorBytes());
        a.add(target, GROUPS * FACTOR_BYTES);
    }
}
