package mobilellm.kernel.machine;

import mobilellm.assembler.Routine;
import mobilellm.kernel.Activations;
import mobilellm.kernel.KeyValueBlock;
import mobilellm.kernel.KeyValueStore;
import mobilellm.kernel.Sequences;
import mobilellm.kernel.machine.PlainProduct.Tokens;
import mobilellm.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// One member's walk over the tiles of a call of attention, and its work on one of them. Mutable, because generating a token allocates nothing.
///
/// A token of a tile is one query head of one row.
final class AttentionTile {
    private static final int MOST_TOKENS = AttentionRun.MOST_TOKENS;

    private final Routines routines;
    private final Arena arena;
    private final Arguments run;
    private final Arguments join;
    private MemorySegment results = MemorySegment.NULL; // of the chunks of a tile
    private MemorySegment rounded = MemorySegment.NULL; // weights for values in Q8_0

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
    private final @Nullable Routine[] runs = new Routine[(MOST_TOKENS + 1) * (MOST_TOKENS + 1)];
    private @Nullable Routine joining;

    // The tile.
    private int row;
    private int end;
    private int keyValueHead;
    private int part;

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
        run = new Arguments(arena, AttentionRun.ARGUMENT_BYTES, AttentionRun.BLOCK_BYTES);
        join = new Arguments(arena);
        long scores = (long) MOST_TOKENS * Attention.CHUNK_BYTES;
        run.set(AttentionRun.SCORES, arena.allocate(scores, Simd.BYTES).address());
        queries = new Activations(arena, 0, 0);
        target = queries;
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
            mostTokens = AttentionRun.mostTokens(routines, store.block());
            Arrays.fill(runs, null);
            joining = null;
            if (type == DType.Q8_0) {
                makeRoomForInt8(store.block());
            }
        }
        tileRows = Math.max(1, mostTokens / group);
        partHeads = Math.min(group, mostTokens);
        parts = Math.ceilDiv(group, partHeads);
    }

    private void makeRoomForInt8(KeyValueBlock block) {
        long bytes = ValueProduct.scratchBytes(block.headDim());
        if (rounded.byteSize() < bytes) {
            rounded = arena.allocate(bytes, Simd.BYTES);
            long queryBytes = (long) MOST_TOKENS * block.steps() * Int8Rows.BLOCK_BYTES;
            MemorySegment int8Queries = arena.allocate(queryBytes, Simd.BYTES);
            run.set(AttentionRun.ROUNDED, rounded.address())
                    .set(AttentionRun.INT8_QUERIES, int8Queries.address());
        }
    }

    /// Goes to the first tile of the call.
    void first() {
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

    /// Bytes of the result of a chunk.
    long resultBytes() {
        return AttentionRun.resultBytes(headDim);
    }

    /// Room for the results of all chunks of the tile.
    long results() {
        long bytes = chunks() * resultBytes();
        if (results.byteSize() < bytes) {
            results = arena.allocate(2 * bytes, Simd.BYTES);
        }
        return results.address();
    }

    /// Attends chunks `from` to `to` and writes their results, one behind the other.
    void attend(int from, int to, long firstResult) {
        KeyValueStore store = sequences.store(row);
        int first = from * Attention.CHUNK;
        run.set(AttentionRun.PAGES, store.pageAddresses().address())
                .set(AttentionRun.CHUNK, from)
                .set(AttentionRun.CHUNKS, to - from)
                .set(AttentionRun.POSITIONS, sequences.position(end - 1) + 1 - first)
                .set(AttentionRun.RESULT, firstResult)
                .set(AttentionRun.KEYS, store.keyBlock(slot, keyValueHead, 0))
                .set(AttentionRun.KEY_SCALES, store.keyScales(slot, keyValueHead, 0))
                .set(AttentionRun.VALUES, store.valueBlock(slot, keyValueHead, 0))
                .set(AttentionRun.VALUE_SCALES, store.valueScales(slot, keyValueHead, 0))
                .set(AttentionRun.QUERIES, column(queries, row));
        int limit = AttentionRun.LIMITS;
        for (int r = row; r < end; r++) {
            int positions = sequences.position(r) + 1 - first;
            for (int head = 0; head < heads(); head++) {
                run.set(limit, positions);
                limit += Long.BYTES;
            }
        }
        routine(store.block()).call(run.block());
    }

    private Routine routine(KeyValueBlock block) {
        int index = (end - row) * (MOST_TOKENS + 1) + heads();
        Routine known = runs[index];
        if (known == null) {
            int rowBytes = queryStride * Float.BYTES;
            var layout = new Tokens(end - row, rowBytes, heads(), headDim * Float.BYTES);
            known = routines.attentionRun(block, layout);
            runs[index] = known;
        }
        return known;
    }

    /// Where the columns of the tile's first head are in a row.
    private long column(Activations x, int r) {
        return x.data().address() + x.offset(r) + (long) firstHead() * headDim * Float.BYTES;
    }

    /// Joins the results of all chunks and writes the tile's outputs to the target.
    void join(long firstResult) {
        Routine routine = joining;
        if (routine == null) {
            routine = routines.attentionJoin(headDim);
            joining = routine;
        }
        join.set(AttentionJoin.PAIRS, firstResult)
                .set(AttentionJoin.OUTPUTS, firstResult + AttentionRun.PAIRS)
                .set(AttentionJoin.CHUNKS, chunks())
                .set(AttentionJoin.ROWS, end - row)
                .set(AttentionJoin.HEADS, heads())
                .set(AttentionJoin.TARGET, column(target, row))
                .set(AttentionJoin.TARGET_STRIDE, (long) target.stride() * Float.BYTES);
        routine.call(join.block());
    }
}
