package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.Label;
import mobilellm.assembler.Memory;
import mobilellm.assembler.R64;

/// Matrix products: `y = x W^T` for tiles of `tokens` rows of x and groups of 16 rows of W. One description serves decode (1 token) and
/// prefill; what differs between types and tiers is the arithmetic of a step, which subclasses write.
///
/// For each tile, for each group (or some of them together): totals of 16 rows and all tokens start at zero, take up one step (a block of 32 columns,
/// or one column of a plain type) after the other, then the minimums of all blocks where there are any, and are written to y. A token's total does not depend on how many tokens its tile
/// has, so any division of a batch into tiles gives the same bits.
abstract class ProductKernel {
    // Arguments, 8 bytes each.
    static final int WEIGHTS = 0;
    static final int SCALES = 8;
    static final int MINIMUMS = 16;
    static final int X = 24;
    static final int Y = 32;
    static final int Y_STRIDE = 40;
    static final int STEPS = 48;
    static final int GROUPS = 56;
    static final int TILES = 64;
    static final int ACCUMULATE = 72;

    /// Bytes from the weights of one group to those of the next.
    static final int GROUP_STRIDE = 80;

    /// Bytes from the activations of one tile to those of the next.
    static final int TILE_STRIDE = 88;

    /// Bytes from the weights that are read to those that are fetched meanwhile, because they come later.
    static final int DISTANCE = 96;

    /// Where totals may be kept that find no register: 64 bytes a token.
    static final int SCRATCH = 128;

    static final int ARGUMENT_BYTES = SCRATCH + 16 * 64;

    // Registers during a step.
    static final R64 weights = rax;
    static final R64 scales = rcx;
    static final R64 minimumPointer = rdx;
    static final R64 x = rsi;

    private static final R64 arguments = rdi;
    private static final R64 y = r8;
    private static final R64 distance = r9;
    private static final R64 counter = r10;
    private static final R64 groups = r11;
    private static final R64 groupWeights = rbx;
    private static final R64 groupScales = r12;
    private static final R64 groupMinimums = r13;
    private static final R64 tiles = r14;
    private static final R64 groupY = rbp;
    private static final R64 tileX = r15;

    /// What is done about weights that will be read later.
    enum Fetching {
        TO_FIRST_CACHE,
        /// For distances that the first has no room for.
        TO_SECOND_CACHE,
        NOTHING
    }

    final Assembler a;
    final int tokens;
    private Fetching fetching = Fetching.TO_FIRST_CACHE;

    ProductKernel(Assembler a, int tokens) {
        this.a = a;
        this.tokens = tokens;
    }

    /// Where what is fetched ahead goes, if not to the first cache.
    final ProductKernel fetching(Fetching where) {
        fetching = where;
        return this;
    }

    /// What stays in registers throughout.
    abstract void prologue();

    abstract void zeroTotals();

    /// One step; moves none of the pointers.
    abstract void step();

    /// After the last step.
    abstract void endOfSteps();

    /// Whether blocks have minimums, which come in a loop of their own after all steps.
    abstract boolean hasMinimums();

    /// Adds what the minimums of one block contribute; moves none of the pointers.
    abstract void minimumStep();

    /// Bytes of packed weights that a step reads.
    abstract int weightBytes();

    /// Bytes by which a step moves on in the activations.
    abstract int activationBytes();

    /// Bytes of scales that a step reads, and of minimums.
    abstract int scaleBytes();

    /// Writes the total of a token to `[y]`, or adds it to what is there.
    abstract void writeTotal(int token, R64 y, boolean accumulate);

    /// Groups of 16 rows that are made at once.
    int groups() {
        return 1;
    }

    /// Fetches a line of those weights. Only the first tile needs it; it costs the others nothing that could be measured.
    final void fetch(int displacement) {
        Memory<?> line = mem(weights, distance, 1, displacement);
        switch (fetching) {
            case TO_FIRST_CACHE -> a.prefetcht0(line);
            case TO_SECOND_CACHE -> a.prefetcht1(line);
            case NOTHING -> {}
        }
    }

    final Code code() {
        var frame = CallingConvention.current().enter(a, rbx, rbp, r12, r13, r14, r15);
        write();
        frame.leave();
        return a.assemble();
    }

    /// Writes what stands between the entry of a routine and its end. Leaves rdi as it is, and nothing else.
    final void write() {
        Label group = a.label();
        Label tile = a.label();
        Label step = a.label();
        Label minimum = a.label();
        Label add = a.label();
        Label written = a.label();
        a.mov(tileX, mem(arguments, X));
        a.mov(groupY, mem(arguments, Y));
        a.mov(distance, mem(arguments, DISTANCE));
        a.mov(tiles, mem(arguments, TILES));
        prologue();

        a.bind(tile);
        a.mov(groupWeights, mem(arguments, WEIGHTS));
        a.mov(groupScales, mem(arguments, SCALES));
        a.mov(groupMinimums, mem(arguments, MINIMUMS));
        a.mov(groups, mem(arguments, GROUPS));

        a.bind(group);
        a.mov(weights, groupWeights);
        a.mov(scales, groupScales);
        a.mov(minimumPointer, groupMinimums);
        a.mov(x, tileX);
        a.mov(y, groupY);
        a.mov(counter, mem(arguments, STEPS));
        zeroTotals();

        a.align(32);
        a.bind(step);
        step();
        a.add(weights, weightBytes());
        if (scaleBytes() > 0) {
            a.add(scales, scaleBytes());
        }
        a.add(x, activationBytes());
        a.dec(counter);
        a.jnz(step);
        endOfSteps();

        if (hasMinimums()) {
            a.mov(x, tileX);
            a.mov(counter, mem(arguments, STEPS));
            a.bind(minimum);
            minimumStep();
            a.add(minimumPointer, scaleBytes());
            a.add(x, activationBytes());
            a.dec(counter);
            a.jnz(minimum);
        }

        a.mov(counter, mem(arguments, ACCUMULATE));
        a.test(counter, counter);
        a.jnz(add);
        writeTotals(false);
        a.jmp(written);
        a.bind(add);
        writeTotals(true);
        a.bind(written);
        a.add(groupWeights, mem(arguments, GROUP_STRIDE));
        // The next group's scales lie right behind.
        a.mov(groupScales, scales);
        a.mov(groupMinimums, minimumPointer);
        a.add(groupY, 64 * groups());
        a.dec(groups);
        a.jnz(group);

        a.add(tileX, mem(arguments, TILE_STRIDE));
        // Behind the rows of the last group, back by all groups but that one: where the next rows
        // begin.
        a.mov(groupY, y);
        a.add(groupY, 64 * groups());
        a.mov(counter, mem(arguments, GROUPS));
        a.imul(counter, counter, -64 * groups());
        a.add(groupY, counter);
        a.dec(tiles);
        a.jnz(tile);
    }

    private void writeTotals(boolean accumulate) {
        for (int token = 0; token < tokens; token++) {
            writeTotal(token, y, accumulate);
            a.add(y, mem(arguments, Y_STRIDE));
        }
    }
}
