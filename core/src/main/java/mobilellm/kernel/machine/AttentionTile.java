package mobilellm.kernel.machine;

import mobilellm.assembler.Routine;
import mobilellm.kernel.Activations;
import mobilellm.kernel.KeyValueBlock;
import mobilellm.kernel.KeyValueStore;
import mobilellm.kernel.Sequences;
import mobilellm.kernel.machine.PlainProduct.Columns;
import mobilellm.kernel.machine.PlainProduct.Tokens;
import mobilellm.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/// One member's walk over the tiles of a call of attention, and its work on one of them. Mutable, because generating a token allocates nothing.
///
/// A token of a tile is one query head of one row. A result is, for each token, a pair (m, l) - the largest score and the sum of the weights -
/// and an output that is still to be divided by l.
final class AttentionTile {
    private static final int MOST_TOKENS = 12;
    private static final int CHUNK_GROUPS = Attention.CHUNK / KeyValueStore.BLOCK;
    private static final int BLOCK_VECTORS = Activations.BLOCK / Simd.LANES;
    private static final int PAIR_BYTES = 2 * Float.BYTES;

    /// Bytes of the pairs of a result, in whole vectors; its outputs come behind them.
    private static final long PAIRS =
            Math.ceilDiv(MOST_TOKENS * PAIR_BYTES, Simd.BYTES) * (long) Simd.BYTES;

    private final Routines routines;
    private final Arena arena;
    private final Arguments arguments;
    private final MemorySegment scores; // [tokens, CHUNK]
    private final MemorySegment limits; // [tokens], dwords
    private MemorySegment int8Queries = MemorySegment.NULL; // of the tile, see Int8Rows
    private MemorySegment scaled = MemorySegment.NULL; // [head dim / 32, tokens, CHUNK]
    private MemorySegment running = MemorySegment.NULL; // the result of the chunks so far
    private MemorySegment single = MemorySegment.NULL; // the result of one chunk

    // The call.
    private Sequences sequences = NOBODY;
    private Activations queries;
    private Activations target;
    private int rows;
    private int slot;
    private int keyValueHeads;
    private int group; // query heads of a key/value head
    private int tileRows;
    private int partHeads; // query heads of a tile; fewer than `group` where those are too many
    private int parts;

    // What routines depend on.
    private int headDim;
    private int queryStride;
    private DType type = DType.F32;
    private int mostTokens;
    private final int mostProducts;
    private final @Nullable Routine[] scoreProducts =
            new Routine[(MOST_TOKENS + 1) * (MOST_TOKENS + 1)];
    private final @Nullable Routine[] valueProducts = new Routine[MOST_TOKENS + 1];
    private final Routine weights;
    private final Routine quantiser;
    private @Nullable Routine scaling;
    private @Nullable Routine merge;
    private @Nullable Routine divide;

    // The tile.
    private int row;
    private int end;
    private int keyValueHead;
    private int part;
    private boolean areQueriesRounded;
    private boolean areLimitsWhole;

    private static final Sequences NOBODY =
            new Sequences() {
                @Override
                public KeyValueStore store(int row) {
                    throw new IllegalStateException("no call has begun");
                }

                @Override
                public int position(int row) {
                    throw new IllegalStateException("no call has begun");
                }
            };

    AttentionTile(Routines routines, Arena arena) {
        this.routines = routines;
        this.arena = arena;
        mostProducts = PlainProduct.mostTokens(routines.tier());
        arguments = new Arguments(arena);
        scores = arena.allocate((long) MOST_TOKENS * Attention.CHUNK_BYTES, Simd.BYTES);
        limits = arena.allocate((long) MOST_TOKENS * Integer.BYTES, Simd.BYTES);
        queries = new Activations(arena, 0, 0);
        target = queries;
        weights = routines.attentionWeights();
        quantiser = routines.int8Quantiser(Int8Quantiser.Kind.BLOCKS);
    }

    /// See [mobilellm.kernel.Operations#attend].
    void begin(
            Activations newQueries,
            Sequences newSequences,
            int newRows,
            int newSlot,
            Activations newTarget) {
        queries = newQueries;
        sequences = newSequences;
        rows = newRows;
        slot = newSlot;
        target = newTarget;
        KeyValueStore store = sequences.store(0);
        keyValueHeads = store.heads();
        group = queries.columns() / store.headDim() / store.heads();
        if (headDim != store.headDim() || type != store.type() || queryStride != queries.stride()) {
            headDim = store.headDim();
            type = store.type();
            queryStride = queries.stride();
            mostTokens = routines.widestTile(List.of(store.block().form()));
            forgetRoutines();
        }
        tileRows = Math.max(1, mostTokens / group);
        partHeads = Math.min(group, mostTokens);
        parts = Math.ceilDiv(group, partHeads);
        if (running.byteSize() < resultBytes()) {
            running = arena.allocate(resultBytes(), Simd.BYTES);
            single = arena.allocate(resultBytes(), Simd.BYTES);
        }
        if (type == DType.Q8_0 && scaled.byteSize() < blocks() * scaledBytes()) {
            scaled = arena.allocate(blocks() * scaledBytes(), Simd.BYTES);
            long bytes = (long) MOST_TOKENS * blocks() * Int8Rows.BLOCK_BYTES;
            int8Queries = arena.allocate(bytes, Simd.BYTES);
        }
    }

    private void forgetRoutines() {
        Arrays.fill(scoreProducts, null);
        Arrays.fill(valueProducts, null);
        scaling = null;
        merge = null;
        divide = null;
    }

    /// Blocks of a head in Q8_0.
    private int blocks() {
        return headDim / Activations.BLOCK;
    }

    private static long scaledBytes() {
        return (long) MOST_TOKENS * Attention.CHUNK_BYTES;
    }

    /// Goes to the first tile of the call.
    void first() {
        areQueriesRounded = false;
        areLimitsWhole = false;
        row = 0;
        keyValueHead = 0;
        part = 0;
        end = endOfTile();
    }

    boolean exists() {
        return row < rows;
    }

    /// Goes to the next tile: all heads of some rows, then the next rows.
    void next() {
        areQueriesRounded = false;
        areLimitsWhole = false;
        part++;
        if (part == parts) {
            part = 0;
            keyValueHead++;
        }
        if (keyValueHead == keyValueHeads) {
            keyValueHead = 0;
            row = end;
            end = row < rows ? endOfTile() : rows;
        }
    }

    private int endOfTile() {
        int last = row + 1;
        while (last < rows
                && last < row + tileRows
                && sequences.store(last) == sequences.store(row)) {
            last++;
        }
        return last;
    }

    /// Chunks that the tile attends.
    int chunks() {
        return sequences.position(end - 1) / Attention.CHUNK + 1;
    }

    private int heads() {
        return Math.min(partHeads, group - part * partHeads);
    }

    private int firstHead() {
        return keyValueHead * group + part * partHeads;
    }

    private int tokens() {
        return (end - row) * heads();
    }

    /// Bytes of the output of one token, whole vectors.
    private int outputBytes() {
        return Math.ceilDiv(headDim, Simd.LANES) * Simd.BYTES;
    }

    /// Bytes of a result.
    long resultBytes() {
        return PAIRS + (long) MOST_TOKENS * outputBytes();
    }

    /// Room for the result of a chunk.
    long chunkResult() {
        return single.address();
    }

    /// Attends one chunk of positions and writes the result.
    void attend(int chunk, long result) {
        KeyValueStore store = sequences.store(row);
        int first = chunk * Attention.CHUNK;
        int positions = Math.min(Attention.CHUNK, sequences.position(end - 1) + 1 - first);
        setLimits(first, positions);
        int groups = Math.ceilDiv(positions, KeyValueStore.BLOCK);
        score(store, first, groups);
        arguments
                .set(0, scores.address())
                .set(8, result)
                .set(16, limits.address())
                .set(24, tokens())
                .set(32, groups)
                .set(40, (float) (1 / Math.sqrt(headDim)));
        weights.call(arguments.block());
        if (type == DType.Q8_0) {
            scaleWeights(store, first, groups);
            for (int i = 0; i < blocks(); i++) {
                mix(store, first, positions, i, scaled.address() + i * scaledBytes(), result);
            }
        } else {
            mix(store, first, positions, 0, scores.address(), result);
        }
    }

    /// Up to where tokens attend. All of them attend whole chunks, where a sequence is long most of the time.
    private void setLimits(int first, int positions) {
        boolean whole = sequences.position(row) + 1 - first >= Attention.CHUNK;
        if (whole && areLimitsWhole) {
            return;
        }
        int token = 0;
        for (int r = row; r < end; r++) {
            int limit = Math.min(positions, sequences.position(r) + 1 - first);
            for (int head = 0; head < heads(); head++) {
                limits.setAtIndex(ValueLayout.JAVA_INT, token++, limit);
            }
        }
        areLimitsWhole = whole;
    }

    /// Products of queries with keys; those in Q8_0 meet queries in int8.
    private void score(KeyValueStore store, int first, int groups) {
        boolean int8 = type == DType.Q8_0;
        if (int8 && !areQueriesRounded) {
            roundQueries();
        }
        int together = int8 ? 1 : keyGroups();
        long keys = keys(store, first);
        arguments
                .set(ProductKernel.WEIGHTS, keys)
                .set(
                        ProductKernel.SCALES,
                        store.page(first).address() + store.keyScales(slot, keyValueHead, first))
                .set(ProductKernel.GROUP_STRIDE, together * store.block().keyBytes())
                .set(ProductKernel.X, int8 ? int8Queries.address() : query(row, 0))
                .set(ProductKernel.Y, scores.address())
                .set(ProductKernel.Y_STRIDE, Attention.CHUNK_BYTES)
                .set(ProductKernel.STEPS, store.block().steps())
                .set(ProductKernel.GROUPS, Math.ceilDiv(groups, together))
                .set(ProductKernel.TILES, 1)
                .set(ProductKernel.ACCUMULATE, 0)
                .set(ProductKernel.DISTANCE, keys(store, nextChunk(first)) - keys);
        scoreProduct(store.block()).call(arguments.block());
    }

    private long keys(KeyValueStore store, int position) {
        return store.page(position).address() + store.keyBlock(slot, keyValueHead, position);
    }

    private long values(KeyValueStore store, int position) {
        return store.page(position).address() + store.valueRow(slot, keyValueHead, position);
    }

    /// First position of the chunk behind this one; of this one where it is the last.
    private int nextChunk(int first) {
        int next = first + Attention.CHUNK;
        return next <= sequences.position(end - 1) ? next : first;
    }

    /// Groups of 16 keys that a product makes at once: they divide those of a chunk, which may so be scored beyond its positions.
    private int keyGroups() {
        return Math.min(CHUNK_GROUPS, Integer.highestOneBit(mostProducts / tokens()));
    }

    /// Groups of 16 dimensions that a product makes at once: as many as find room and divide all.
    private int valueGroups(int all) {
        int together = Math.min(all, mostProducts / tokens());
        while (all % together != 0) {
            together--;
        }
        return together;
    }

    private long query(int r, int head) {
        long column = (long) (firstHead() + head) * headDim * Float.BYTES;
        return queries.data().address() + queries.offset(r) + column;
    }

    private void roundQueries() {
        arguments
                .set(Int8Quantiser.BLOCKS, blocks())
                .set(Int8Quantiser.FIELD_STRIDE, (long) tokens() * Integer.BYTES);
        long target = int8Queries.address();
        for (int r = row; r < end; r++) {
            for (int head = 0; head < heads(); head++) {
                arguments
                        .set(Int8Quantiser.SOURCE, query(r, head))
                        .set(Int8Quantiser.TARGET, target);
                quantiser.call(arguments.block());
                target += Integer.BYTES;
            }
        }
        areQueriesRounded = true;
    }

    /// Weights times the scales of values, for each block of dimensions.
    private void scaleWeights(KeyValueStore store, int first, int groups) {
        Routine routine = scaling;
        if (routine == null) {
            routine = routines.attentionScaling(blocks());
            scaling = routine;
        }
        arguments
                .set(0, scores.address())
                .set(8, scaled.address())
                .set(16, store.page(first).address() + store.valueScales(slot, keyValueHead, first))
                .set(24, tokens())
                .set(32, groups)
                .set(40, scaledBytes());
        routine.call(arguments.block());
    }

    /// Products of weights with values; in Q8_0 with one block of their dimensions.
    private void mix(
            KeyValueStore store, int first, int positions, int block, long x, long result) {
        int groups = type == DType.Q8_0 ? BLOCK_VECTORS : outputBytes() / Simd.BYTES;
        int together = valueGroups(groups);
        long values = values(store, first);
        arguments
                .set(ProductKernel.WEIGHTS, values + (long) block * Activations.BLOCK)
                .set(ProductKernel.GROUP_STRIDE, together * store.block().value(Simd.LANES))
                .set(ProductKernel.X, x)
                .set(ProductKernel.Y, result + PAIRS + (long) block * BLOCK_VECTORS * Simd.BYTES)
                .set(ProductKernel.Y_STRIDE, outputBytes())
                .set(ProductKernel.STEPS, positions)
                .set(ProductKernel.GROUPS, groups / together)
                .set(ProductKernel.TILES, 1)
                .set(ProductKernel.ACCUMULATE, 0)
                .set(ProductKernel.DISTANCE, values(store, nextChunk(first)) - values);
        valueProduct(store.block(), together).call(arguments.block());
    }

    private Routine scoreProduct(KeyValueBlock block) {
        int index = (end - row) * (MOST_TOKENS + 1) + heads();
        Routine known = scoreProducts[index];
        if (known == null) {
            var layout =
                    new Tokens(
                            end - row, queryStride * Float.BYTES, heads(), headDim * Float.BYTES);
            var columns =
                    new Columns(block.form().weightBytes(), keyGroups(), (int) block.keyBytes());
            known =
                    type == DType.Q8_0
                            ? routines.int8Product(block.form(), tokens())
                            : routines.plainProduct(type, layout, columns);
            scoreProducts[index] = known;
        }
        return known;
    }

    private Routine valueProduct(KeyValueBlock block, int together) {
        Routine known = valueProducts[tokens()];
        if (known == null) {
            known =
                    routines.plainProduct(
                            type == DType.Q8_0 ? DType.I8 : type,
                            Tokens.rows(tokens(), Attention.CHUNK_BYTES),
                            new Columns(
                                    (int) block.valueRowBytes(),
                                    together,
                                    (int) block.value(Simd.LANES)));
            valueProducts[tokens()] = known;
        }
        return known;
    }

    /// Begins the tile's result: nothing attended.
    void startResult() {
        running.fill((byte) 0);
        for (int token = 0; token < tokens(); token++) {
            running.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * token, Float.NEGATIVE_INFINITY);
        }
    }

    /// Adds the result of the next chunk to the tile's.
    void merge(long result) {
        Routine routine = merge;
        if (routine == null) {
            routine = routines.attentionMerge(outputBytes());
            merge = routine;
        }
        arguments
                .set(0, running.address())
                .set(8, running.address() + PAIRS)
                .set(16, result)
                .set(24, result + PAIRS)
                .set(32, tokens());
        routine.call(arguments.block());
    }

    /// Writes the tile's outputs to the target.
    void finish() {
        Routine routine = divide;
        if (routine == null) {
            routine = routines.attentionDivide(headDim, outputBytes());
            divide = routine;
        }
        for (int r = row; r < end; r++) {
            long done = (long) (r - row) * heads();
            arguments
                    .set(0, running.address() + done * PAIR_BYTES)
                    .set(8, running.address() + PAIRS + done * outputBytes())
                    .set(
                            16,
                            target.data().address()
                                    + target.offset(r)
                                    + (long) firstHead() * headDim * Float.BYTES)
                    .set(24, heads());
            routine.call(arguments.block());
        }
    }
}
