package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import mobilellm.kernel.Activations;
import mobilellm.kernel.KeyValueStore;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.Sequences;
import mobilellm.kernel.ThreadTeam.Worker;
import mobilellm.tensor.DType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Causal grouped-query attention for runs of up to 8 consecutive tokens of a sequence.
///
/// The query heads that share a key/value head, for all tokens of a run, are the rows of tiles of 6: keys and values are
/// widened to f32 once a run and met by all of them. A run and key/value head is one unit of work; units go to the
/// members of the team in turn, since later tokens have more to read. Every score, sum and output is computed in the
/// order of positions, whatever else is in the run.
final class Attention {
    private static final int TILE = VectorOperand.TILE;
    private static final int RUN = 8;
    private static final long ROW = Lanes.PAIR * (long) Float.BYTES;

    private final Arena arena;
    private final MemorySegment totals;
    private final MemorySegment factors;
    private MemorySegment panel = MemorySegment.NULL;
    private float[] queryTiles = new float[0];
    private MemorySegment scores = MemorySegment.NULL;
    private float[] probabilityTiles = new float[0];
    private float[] inverses = new float[0];
    private final float[] partialSums = new float[16];

    Attention(Arena arena) {
        this.arena = arena;
        totals = arena.allocate(TILE * ROW, 64);
        factors = arena.allocate(ROW, 64);
    }

    void attend(
            Activations queries,
            Sequences sequences,
            int rows,
            int slot,
            Activations target,
            Worker worker) {
        int unit = 0;
        int row = 0;
        while (row < rows) {
            int tokens = run(sequences, row, rows);
            for (int head = 0; head < sequences.store(row).heads(); head++) {
                if (unit++ % worker.count() == worker.index()) {
                    attendRun(queries, sequences, row, tokens, slot, head, target);
                }
            }
            row += tokens;
        }
    }

    /// Rows from `row` on that belong to one sequence, at most [#RUN].
    private static int run(Sequences sequences, int row, int rows) {
        int tokens = 1;
        while (tokens < RUN
                && row + tokens < rows
                && sequences.store(row + tokens) == sequences.store(row)) {
            tokens++;
        }
        return tokens;
    }

    private void attendRun(
            Activations queries,
            Sequences sequences,
            int row,
            int tokens,
            int slot,
            int head,
            Activations target) {
        KeyValueStore store = sequences.store(row);
        int headDim = store.headDim();
        int group = queries.columns() / headDim / store.heads();
        int queryRows = tokens * group;
        int tiles = Math.ceilDiv(queryRows, TILE);
        int positions = sequences.position(row + tokens - 1) + 1;
        int padded = Math.ceilDiv(positions, 32) * 32;
        fit(tiles, headDim, padded);
        for (int r = 0; r < queryRows; r++) {
            int column = (head * group + r % group) * headDim;
            int at = r / TILE * TILE * headDim + r % TILE;
            for (int i = 0; i < headDim; i++) {
                queryTiles[at + i * TILE] = queries.get(row + r / group, column + i);
            }
        }
        score(store, slot, head, positions, padded, queryRows);
        for (int r = 0; r < queryRows; r++) {
            normalise(
                    r,
                    sequences.position(row + r / group) + 1,
                    padded,
                    (float) (1 / Math.sqrt(headDim)));
        }
        for (int column = 0; column < headDim; column += Lanes.PAIR) {
            mix(store, slot, head, positions, padded, column, queryRows, row, group, target);
        }
    }

    /// `scores[r, p] = query r . key p`, for a pair of key vectors at a time.
    private void score(
            KeyValueStore store, int slot, int head, int positions, int padded, int queryRows) {
        int headDim = store.headDim();
        int step = Lanes.step();
        for (int position = 0; position < positions; position += Lanes.PAIR) {
            for (int half = 0; half < 2; half++) {
                int at = position + half * Lanes.COUNT;
                if (store.type() == DType.Q8_0) {
                    widenKeys(store, slot, head, at, half, step);
                    continue;
                }
                long offset = store.keyBlock(slot, head, at);
                int lane = at % KeyValueStore.BLOCK;
                widen(
                        store,
                        store.page(position),
                        offset,
                        lane,
                        KeyValueStore.BLOCK,
                        headDim,
                        half,
                        step);
            }
            for (int tile = 0; tile * TILE < queryRows; tile++) {
                Tiles.multiply(panel, 0, headDim, queryTiles, tile * TILE * headDim, totals, step);
                for (int r = tile * TILE; r < Math.min(queryRows, tile * TILE + TILE); r++) {
                    long source = (r - tile * TILE) * ROW;
                    MemorySegment.copy(totals, source, scores, 4L * (r * padded + position), ROW);
                }
            }
        }
    }

    /// Copies `count` vectors, `stride` elements apart, from the store to one half of the panel.
    private void widen(
            KeyValueStore store,
            MemorySegment page,
            long offset,
            int first,
            int stride,
            int count,
            int half,
            int step) {
        long target = (long) half * Lanes.COUNT * Float.BYTES;
        int size = store.type().blockBytes();
        long from = offset + (long) first * size;
        if (store.type() == DType.F16) {
            Panel.widenHalves(page, from, (long) stride * size, panel, target, count, step);
        } else {
            Panel.copyFloats(page, from, (long) stride * size, panel, target, count, step);
        }
    }

    /// Copies all dimensions of a vector of keys in Q8_0 to one half of the panel.
    private void widenKeys(
            KeyValueStore store, int slot, int head, int position, int half, int step) {
        MemorySegment page = store.page(position);
        long keys = store.keyBlock(slot, head, position);
        long scales = store.keyScales(slot, head, position);
        long target = (long) half * Lanes.COUNT * Float.BYTES;
        for (int i = 0; i < store.headDim(); i += PackedMatrix.BLOCK) {
            long scale = scales + store.block().scale(position, i);
            Panel.widenHalves(page, scale, 0, factors, 0, 1, step);
            Panel.widenKeys(
                    page,
                    keys + store.block().key(position, i),
                    factors,
                    panel,
                    target + i * ROW,
                    step);
        }
    }

    /// Copies dimensions from `first` on of the values of `count` positions in Q8_0 to one half of the panel, one by one: some vectors have only
    /// four lanes, and there are none of four bytes.
    private void widenValues(
            KeyValueStore store, int slot, int head, int from, int first, int count, int half) {
        long target = (long) half * Lanes.COUNT * Float.BYTES;
        for (int position = from; position < from + count; position++) {
            for (int i = 0; i < Lanes.COUNT; i++) {
                float value = store.value(slot, head, position, first + i);
                panel.set(ValueLayout.JAVA_FLOAT, target + (long) i * Float.BYTES, value);
            }
            target += ROW;
        }
    }

    /// Softmax numerators of one row over its first `limit` positions, zero after them, and the inverse of their sum.
    private void normalise(int row, int limit, int padded, float scale) {
        int step = Lanes.step();
        long at = 4L * row * padded;
        for (int p = limit; p < padded; p++) {
            scores.set(ValueLayout.JAVA_FLOAT, at + 4L * p, Float.NEGATIVE_INFINITY);
        }
        FloatVector largest = FloatVector.broadcast(Lanes.FLOATS, Float.NEGATIVE_INFINITY);
        for (int p = 0; p < padded; p += Lanes.COUNT * step) {
            largest =
                    largest.max(
                            FloatVector.fromMemorySegment(
                                    Lanes.FLOATS, scores, at + 4L * p, Lanes.ORDER));
        }
        float shift = largest.reduceLanes(VectorOperators.MAX) * scale;
        Exponential.of(scores, at, scale, shift, scores, at, padded, step);
        for (int lane = 0; lane < partialSums.length; lane += Lanes.COUNT) {
            FloatVector sum = FloatVector.zero(Lanes.FLOATS);
            for (int p = lane; p < padded; p += partialSums.length * step) {
                sum =
                        sum.add(
                                FloatVector.fromMemorySegment(
                                        Lanes.FLOATS, scores, at + 4L * p, Lanes.ORDER));
            }
            sum.intoArray(partialSums, lane);
        }
        float total = 0;
        for (float sum : partialSums) {
            total += sum;
        }
        inverses[row] = 1 / total;
        int tileAt = row / TILE * TILE * padded + row % TILE;
        for (int p = 0; p < padded; p++) {
            probabilityTiles[tileAt + p * TILE] = scores.get(ValueLayout.JAVA_FLOAT, at + 4L * p);
        }
    }

    /// Weighted sums of the values, for one pair of vectors of the head's columns, page by page.
    private void mix(
            KeyValueStore store,
            int slot,
            int head,
            int positions,
            int padded,
            int column,
            int queryRows,
            int row,
            int group,
            Activations target) {
        int headDim = store.headDim();
        int step = Lanes.step();
        int columns = Math.min(Lanes.PAIR, headDim - column);
        for (int from = 0; from < positions; from += KeyValueStore.PAGE) {
            int count = Math.min(KeyValueStore.PAGE, positions - from);
            for (int half = 0; half < 2; half++) {
                int stride = store.block().valueColumns();
                int first = Math.min(column + half * Lanes.COUNT, stride - Lanes.COUNT);
                if (store.type() == DType.Q8_0) {
                    widenValues(store, slot, head, from, first, count, half);
                    continue;
                }
                long offset = store.valueBlock(slot, head, from);
                widen(store, store.page(from), offset, first, stride, count, half, step);
            }
            for (int tile = 0; tile * TILE < queryRows; tile++) {
                int at = tile * TILE * padded + from * TILE;
                Tiles.multiply(panel, 0, count, probabilityTiles, at, totals, step);
                for (int r = tile * TILE; r < Math.min(queryRows, tile * TILE + TILE); r++) {
                    int base = (head * group + r % group) * headDim + column;
                    for (int i = 0; i < columns; i++) {
                        float sum =
                                totals.get(ValueLayout.JAVA_FLOAT, (r - tile * TILE) * ROW + 4L * i)
                                        * inverses[r];
                        float before = from == 0 ? 0 : target.get(row + r / group, base + i);
                        target.set(row + r / group, base + i, before + sum);
                    }
                }
            }
        }
    }

    private void fit(int tiles, int headDim, int padded) {
        int wanted = Math.max(headDim, KeyValueStore.PAGE);
        if (panel.byteSize() < wanted * ROW) {
            panel = arena.allocate(wanted * ROW, 64);
        }
        if (queryTiles.length < tiles * TILE * headDim) {
            queryTiles = new float[tiles * TILE * headDim];
            inverses = new float[tiles * TILE];
        }
        if (probabilityTiles.length < tiles * TILE * padded) {
            int size = tiles * TILE * Math.max(256, Integer.highestOneBit(padded) * 2);
            scores = arena.allocate(4L * size, 64);
            probabilityTiles = new float[size];
        }
    }
}
