package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.Condition;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Label;
import mobilellm.assembler.R64;
import mobilellm.kernel.Activations;
import mobilellm.kernel.KeyValueBlock;
import mobilellm.kernel.KeyValueStore;
import mobilellm.kernel.machine.PlainProduct.Columns;
import mobilellm.kernel.machine.PlainProduct.Tokens;
import mobilellm.kernel.machine.ProductKernel.Fetching;
import mobilellm.tensor.DType;

import java.util.List;

/// Attention of the tokens of a tile to a run of chunks of positions, all in one routine: for each chunk scores (a product of queries with
/// keys), weights, outputs (a product of weights with values). A token is one query head of one row.
///
/// The result of a chunk is, for each token, a pair (m, l) - the largest score and the sum of the weights - and an output that is still to be
/// divided by l. Queries that meet keys in Q8_0 are rounded to int8 first ([Int8Rows]); the scales of values in Q8_0 go into weights of 15 bits ([ValueProduct]).
final class AttentionRun {
    /// The most tokens of a tile on any tier.
    static final int MOST_TOKENS = 24;

    private static final int MOST_FETCHING_TOKENS = 4;

    static final int PAIR_BYTES = 2 * Float.BYTES;

    /// Bytes of the pairs of a result, in whole vectors; its outputs come behind them.
    static final int PAIRS = Math.ceilDiv(MOST_TOKENS * PAIR_BYTES, Simd.BYTES) * Simd.BYTES;

    // Arguments, 8 bytes each. What counts chunks is changed while they are run through.
    /// Where the addresses of the pages of the sequence are.
    static final int PAGES = 0;

    /// Number of the first chunk, and how many there are.
    static final int CHUNK = 8;

    static final int CHUNKS = 16;

    /// Positions from the first of the first chunk to the last that any token attends.
    static final int POSITIONS = 24;

    /// Where the result of the first chunk goes.
    static final int RESULT = 32;

    // Byte offsets in a page of what is there for the head.
    static final int KEYS = 40;
    static final int KEY_SCALES = 48;
    static final int VALUES = 56;
    static final int VALUE_SCALES = 64;

    static final int QUERIES = 72;

    // Scratch memory: f32 [tokens, chunk]; what [ValueProduct] wants; the queries as int8.
    static final int SCORES = 80;
    static final int ROUNDED = 88;
    static final int INT8_QUERIES = 96;

    /// For each token, how many positions it attends from the first of the first chunk on.
    static final int LIMITS = 104;

    /// Bytes of arguments.
    static final int ARGUMENT_BYTES = LIMITS + MOST_TOKENS * Long.BYTES;

    // Behind the arguments: what is known of the chunk, and the arguments of products.
    private static final int CHUNK_POSITIONS = ARGUMENT_BYTES;
    private static final int CHUNK_GROUPS = CHUNK_POSITIONS + Long.BYTES;
    private static final int PRODUCT = Math.ceilDiv(CHUNK_GROUPS + Long.BYTES, 64) * 64;

    /// Bytes of the block.
    static final int BLOCK_BYTES = PRODUCT + ProductKernel.ARGUMENT_BYTES;

    private static final double LOG2_E = 1 / Math.log(2);
    private static final int LINE = 64;
    private static final int GROUP = KeyValueStore.BLOCK;
    private static final int GROUPS = Attention.CHUNK / GROUP;
    private static final int PAGE_CHUNKS = KeyValueStore.PAGE / Attention.CHUNK;

    private final Assembler a = new Assembler();
    private final Simd simd;
    private final CpuTier tier;
    private final KeyValueBlock block;
    private final Tokens layout;
    private final int tokens;
    private final boolean int8;
    private final ValueProduct valueProduct; // in Q8_0

    /// @param layout where the queries of a tile are
    AttentionRun(CpuTier tier, KeyValueBlock block, Tokens layout) {
        this.tier = tier;
        this.block = block;
        this.layout = layout;
        tokens = layout.count();
        int8 = block.type() == DType.Q8_0;
        valueProduct = new ValueProduct(a, tier, tokens, block.headDim());
        simd = Simd.of(tier, a);
    }

    /// The most tokens of a tile: the more there are, the fewer times keys and values are widened.
    static int mostTokens(Routines routines, KeyValueBlock block) {
        return block.form().isQuantised()
                ? routines.widestTile(List.of(block.form()))
                : PlainProduct.mostTotals(routines.tier());
    }

    /// Bytes of the output of one token, whole vectors.
    static int outputBytes(int headDim) {
        return Math.ceilDiv(headDim, Simd.LANES) * Simd.BYTES;
    }

    /// Bytes of the result of a chunk.
    static long resultBytes(int headDim) {
        return PAIRS + (long) MOST_TOKENS * outputBytes(headDim);
    }

    Code code() {
        var frame = CallingConvention.current().enter(a, rbx, rbp, r12, r13, r14, r15);
        Label chunk = a.label();
        if (int8) {
            roundQueries();
        }
        a.bind(chunk);
        measureChunk();
        score();
        weigh();
        if (int8) {
            mixInt8();
        } else {
            mix();
        }
        a.mov(rax, mem(rdi, RESULT));
        a.add(rax, (int) resultBytes(block.headDim()));
        a.mov(mem(rdi, RESULT), rax);
        a.mov(rax, -Attention.CHUNK);
        a.add(mem(rdi, POSITIONS), rax);
        for (int token = 0; token < tokens; token++) {
            a.add(mem(rdi, limit(token)), rax);
        }
        a.mov(rax, 1);
        a.add(mem(rdi, CHUNK), rax);
        a.sub(mem(rdi, CHUNKS), rax);
        a.jnz(chunk);
        frame.leave();
        return a.assemble();
    }

    /// Blocks of a head in Q8_0.
    private int blocks() {
        return block.headDim() / Activations.BLOCK;
    }

    private static int limit(int token) {
        return LIMITS + token * Long.BYTES;
    }

    private void roundQueries() {
        for (int token = 0; token < tokens; token++) {
            a.mov(rax, mem(rdi, QUERIES));
            a.add(rax, layout.offset(token));
            give(Int8Quantiser.SOURCE, rax);
            a.mov(rax, mem(rdi, INT8_QUERIES));
            a.add(rax, token * Integer.BYTES);
            give(Int8Quantiser.TARGET, rax);
            give(Int8Quantiser.BLOCKS, blocks());
            give(Int8Quantiser.FIELD_STRIDE, (long) tokens * Integer.BYTES);
            a.add(rdi, PRODUCT);
            new Int8Quantiser(a, tier, Int8Quantiser.Kind.BLOCKS).write();
            a.sub(rdi, PRODUCT);
        }
    }

    /// Sets an argument of a product.
    private void give(int field, R64 value) {
        a.mov(mem(rdi, PRODUCT + field), value);
    }

    private void give(int field, long value) {
        a.mov(rax, value);
        give(field, rax);
    }

    private void measureChunk() {
        a.mov(rax, mem(rdi, POSITIONS));
        a.mov(rcx, Attention.CHUNK);
        a.cmp(rax, rcx);
        a.cmov(Condition.A, rax, rcx);
        a.mov(mem(rdi, CHUNK_POSITIONS), rax);
        a.add(rax, GROUP - 1);
        a.shr(rax, Integer.numberOfTrailingZeros(GROUP));
        a.mov(mem(rdi, CHUNK_GROUPS), rax);
    }

    /// `d` becomes the address of what a chunk has in its page behind an offset. Overwrites r11.
    ///
    /// @param bytes from one chunk of a page to the next
    private void locate(R64 d, R64 chunk, int offset, long bytes) {
        a.mov(r11, chunk);
        a.shr(r11, Integer.numberOfTrailingZeros(PAGE_CHUNKS));
        a.mov(d, mem(rdi, PAGES));
        a.mov(d, mem(d, r11, 8, 0));
        a.add(d, mem(rdi, offset));
        a.mov(r11, chunk);
        a.and(r11, PAGE_CHUNKS - 1);
        a.imul(r11, r11, (int) bytes);
        a.add(d, r11);
    }

    /// Fetches the scales of the chunk whose number is in r9.
    private void fetchScales(int offset) {
        int bytes = Math.toIntExact(GROUPS * block.scaleBytes());
        locate(rax, r9, offset, bytes);
        for (int line = 0; line < bytes; line += LINE) {
            a.prefetcht0(mem(rax, line));
        }
    }

    /// The address of the next chunk's keys or values, or of the chunk's own where none comes. Its number remains in r9.
    private void locateNext(R64 d, int offset, long bytes) {
        a.mov(r9, mem(rdi, CHUNK));
        a.lea(r10, mem(r9, 1));
        a.mov(rax, mem(rdi, CHUNKS));
        a.cmp(rax, 1);
        a.cmov(Condition.A, r9, r10);
        locate(d, r9, offset, bytes);
    }

    /// Gives a product the chunk's keys or values, and the distance to those of the next one. The number of the chunk remains in r8, that of the
    /// next one in r9.
    private void giveMatrix(int offset, long bytes) {
        locateNext(rcx, offset, bytes);
        a.mov(r8, mem(rdi, CHUNK));
        locate(rax, r8, offset, bytes);
        a.sub(rcx, rax);
        give(ProductKernel.DISTANCE, rcx);
        give(ProductKernel.WEIGHTS, rax);
    }

    private void multiply(ProductKernel product) {
        give(ProductKernel.TILES, 1);
        give(ProductKernel.ACCUMULATE, 0);
        a.add(rdi, PRODUCT);
        boolean fetching = fetches() && !int8; // In Q8_0 keys are fetched while values are read.
        product.fetching(fetching ? Fetching.TO_SECOND_CACHE : Fetching.NOTHING).write();
        a.sub(rdi, PRODUCT);
    }

    /// Products of queries with keys.
    private void score() {
        int together = keyGroups();
        giveMatrix(KEYS, GROUPS * block.keyBytes());
        if (int8) {
            fetchScales(KEY_SCALES);
            fetchScales(VALUE_SCALES);
            locate(rax, r8, KEY_SCALES, GROUPS * block.scaleBytes());
            give(ProductKernel.SCALES, rax);
        }
        a.mov(rax, mem(rdi, int8 ? INT8_QUERIES : QUERIES));
        give(ProductKernel.X, rax);
        a.mov(rax, mem(rdi, SCORES));
        give(ProductKernel.Y, rax);
        a.mov(rax, mem(rdi, CHUNK_GROUPS));
        a.add(rax, together - 1);
        a.shr(rax, Integer.numberOfTrailingZeros(together));
        give(ProductKernel.GROUPS, rax);
        give(ProductKernel.GROUP_STRIDE, together * block.keyBytes());
        give(ProductKernel.Y_STRIDE, Attention.CHUNK_BYTES);
        give(ProductKernel.STEPS, block.steps());
        var columns =
                new Columns(
                        block.form().weightBytes(), together, Math.toIntExact(block.keyBytes()));
        multiply(
                !int8
                        ? new PlainProduct(a, tier, block.type(), layout, columns)
                        : tier == CpuTier.AVX512_VNNI
                                ? new Int8Product512(
                                        a, block.form(), tokens, together, block.steps())
                                : Int8Product.of(a, tier, block.form(), tokens));
    }

    /// Groups of 16 keys that a product makes at once: they divide those of a chunk, which may so be scored beyond its positions.
    private int keyGroups() {
        if (int8) {
            return tier == CpuTier.AVX512_VNNI ? Math.min(4, Int8Product512.mostGroups(tokens)) : 1;
        }
        int together = Math.max(1, PlainProduct.mostTokens(tier) / tokens);
        return Math.min(GROUPS, Integer.highestOneBit(together));
    }

    /// Products of weights with values.
    private void mix() {
        int vectors = outputBytes(block.headDim()) / Simd.BYTES;
        int together = valueGroups(vectors);
        giveMatrix(VALUES, GROUPS * block.valueBytes());
        a.mov(rax, mem(rdi, SCORES));
        give(ProductKernel.X, rax);
        a.mov(rax, mem(rdi, RESULT));
        a.add(rax, PAIRS);
        give(ProductKernel.Y, rax);
        a.mov(rax, mem(rdi, CHUNK_POSITIONS));
        give(ProductKernel.STEPS, rax);
        int vectorBytes = (int) block.value(0, Simd.LANES);
        give(ProductKernel.GROUP_STRIDE, (long) together * vectorBytes);
        give(ProductKernel.Y_STRIDE, outputBytes(block.headDim()));
        give(ProductKernel.GROUPS, vectors / together);
        var columns = new Columns((int) block.value(1, 0), together, vectorBytes);
        var rows = Tokens.rows(tokens, Attention.CHUNK_BYTES);
        multiply(new PlainProduct(a, tier, block.type(), rows, columns));
    }

    private int lotGroups() {
        return valueProduct.lot() / GROUP;
    }

    private void mixInt8() {
        a.mov(rdx, mem(rdi, ROUNDED));
        a.mov(rcx, mem(rdi, CHUNK_GROUPS));
        a.add(rcx, lotGroups() - 1);
        a.shr(rcx, Integer.numberOfTrailingZeros(lotGroups()));
        valueProduct.round(this::fetchValues);
        locateNext(rcx, KEYS, GROUPS * block.keyBytes());
        a.mov(r8, mem(rdi, CHUNK));
        locate(rax, r8, VALUES, GROUPS * block.valueBytes());
        a.sub(rcx, rax);
        a.mov(rdx, mem(rdi, ROUNDED));
        a.mov(r8, mem(rdi, RESULT));
        a.add(r8, PAIRS);
        a.mov(r10, mem(rdi, CHUNK_POSITIONS));
        valueProduct.write(outputBytes(block.headDim()), fetches());
    }

    /// Groups of 16 dimensions that a product makes at once: as many as find room and divide all.
    private int valueGroups(int all) {
        int together = Math.clamp(PlainProduct.mostTokens(tier) / tokens, 1, all);
        while (all % together != 0) {
            together--;
        }
        return together;
    }

    /// Turns scores into weights: `w = e^(scale * score - m)`, m the largest of a token's scaled scores up to its limit; later ones
    /// become 0. A token of limit 0 gets minus infinity as m.
    private void weigh() {
        locateNext(rbx, VALUES, GROUPS * block.valueBytes());
        float scale = (float) (1 / Math.sqrt(block.headDim()));
        simd.constant(6, scale);
        // Tokens overlap in each of the two, and wait for their own largest score in neither.
        forEachToken(this::findLargest);
        if (int8) {
            a.mov(r8, mem(rdi, CHUNK));
            locate(r12, r8, VALUE_SCALES, GROUPS * block.scaleBytes());
            a.mov(rbp, mem(rdi, ROUNDED));
            simd.constant(6, (float) (scale * LOG2_E));
            forEachToken(this::raiseScaled);
        } else {
            forEachToken(this::raise);
        }
    }

    private void forEachToken(Runnable body) {
        a.mov(rsi, mem(rdi, SCORES));
        a.mov(rdx, mem(rdi, RESULT));
        a.lea(r8, mem(rdi, LIMITS));
        a.mov(r9, tokens);
        simd.repeatTimes(
                r9,
                () -> {
                    a.mov(rax, mem(r8));
                    body.run();
                    a.add(rsi, Attention.CHUNK_BYTES);
                    a.add(rdx, PAIR_BYTES);
                    a.add(r8, Long.BYTES);
                });
    }

    /// Whether tokens are so few that reading keys and values takes longer than arithmetic.
    private boolean fetches() {
        return tokens <= MOST_FETCHING_TOKENS;
    }

    /// Fetches some lines of the next chunk's values, so that the memory has work while weights are made.
    private void fetchValues(int lines) {
        if (fetches()) {
            for (int i = 0; i < lines; i++) {
                a.prefetcht1(mem(rbx, i * LINE));
            }
            a.add(rbx, lines * LINE);
        }
    }

    /// Lines of the next chunk's values in Q8_0 that are fetched with each vector of weights: one comes with each vector of scores, and one with
    /// each of rounded weights.
    private int raisingLines() {
        int lines = (int) (GROUPS * block.valueBytes()) / LINE;
        return Math.max(0, lines / (tokens * GROUPS) - 1 - blocks());
    }

    /// Writes m of a token of limit rax, and minus infinity behind its scores.
    private void findLargest() {
        Label nothing = a.label();
        simd.constant(0, Float.NEGATIVE_INFINITY);
        a.test(rax, rax);
        a.jle(nothing);
        hideFrom();
        forEachVector(
                () -> {
                    fetchValues(1);
                    simd.load(1, r10, 0);
                    simd.maximum(0, 0, 1);
                });
        simd.largestLane(0, 1);
        simd.multiply(0, 0, 6);
        a.bind(nothing);
        simd.storeFirst(rdx, 0, 0);
    }

    /// Writes the weights of a token of limit rax, and their sum.
    private void raise() {
        Label nothing = a.label();
        Label done = a.label();
        simd.zero(0);
        a.test(rax, rax);
        a.jle(nothing);
        simd.repeat(5, rdx, 0);
        forEachVector(
                () -> {
                    fetchValues(2);
                    simd.load(1, r10, 0);
                    simd.multiply(1, 1, 6);
                    simd.subtract(1, 1, 5);
                    Exponential.write(simd, 1, 2, 3, 4);
                    simd.add(0, 0, 1);
                    simd.store(r10, 0, 1);
                });
        simd.sumLanes(0, 1);
        a.jmp(done);

        a.bind(nothing);
        forEachVector(() -> simd.store(r10, 0, 0));

        a.bind(done);
        simd.storeFirst(rdx, Float.BYTES, 0);
    }

    /// As [#raise], but what is written are products of weights with the scales of values, at rbp: a row for each block of 32 dimensions.
    /// r12 is where the chunk's scales are.
    private void raiseScaled() {
        Label nothing = a.label();
        Label done = a.label();
        a.mov(r11, rbp);
        a.mov(rax, mem(r8));
        simd.zero(0);
        a.test(rax, rax);
        a.jle(nothing);
        simd.repeat(5, rdx, 0);
        simd.times(5, 5, (float) -LOG2_E);
        a.mov(r13, r12);
        forEachVector(
                () -> {
                    fetchValues(raisingLines());
                    simd.load(1, r10, 0);
                    simd.copy(2, 5);
                    simd.multiplyAdd(2, 1, 6);
                    Exponential.writePowerOfTwo(simd, 2, 1, 3, 4);
                    simd.add(0, 0, 1);
                    for (int i = 0; i < blocks(); i++) {
                        simd.widen(2, DType.F16, r13, i * GROUP * Short.BYTES);
                        simd.multiply(2, 2, 1);
                        simd.store(r11, i * valueProduct.blockBytes(), 2);
                    }
                    a.add(r11, Simd.BYTES);
                    a.add(r13, (int) block.scaleBytes());
                });
        simd.zero(2);
        a.mov(rcx, mem(rdi, CHUNK_GROUPS));
        a.imul(rcx, rcx, -1);
        a.and(rcx, lotGroups() - 1);
        storeRows(2); // A begun lot is rounded whole.
        simd.sumLanes(0, 1);
        a.jmp(done);

        a.bind(nothing);
        a.mov(rcx, GROUPS);
        storeRows(0);

        a.bind(done);
        simd.storeFirst(rdx, Float.BYTES, 0);
        a.add(rbp, Attention.CHUNK_BYTES);
    }

    /// Stores a value rcx times in the rows at r11.
    private void storeRows(int value) {
        simd.repeatTimes(
                rcx,
                () -> {
                    for (int i = 0; i < blocks(); i++) {
                        simd.store(r11, i * valueProduct.blockBytes(), value);
                    }
                    a.add(r11, Simd.BYTES);
                });
    }

    /// Overwrites the scores from number rax on with minus infinity.
    private void hideFrom() {
        Label next = a.label();
        Label end = a.label();
        a.mov(rcx, mem(rdi, CHUNK_GROUPS));
        a.shl(rcx, Integer.numberOfTrailingZeros(GROUP));
        a.mov(r11d, Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));
        a.bind(next);
        a.cmp(rax, rcx);
        a.jae(end);
        a.mov(mem(rsi, rax, 4, 0), r11d);
        a.inc(rax);
        a.jmp(next);
        a.bind(end);
    }

    /// r10 walks over the vectors of a token's scores.
    private void forEachVector(Runnable body) {
        a.mov(r10, rsi);
        a.mov(rcx, mem(rdi, CHUNK_GROUPS));
        simd.repeatTimes(
                rcx,
                () -> {
                    body.run();
                    a.add(r10, Simd.BYTES);
                });
    }
}
