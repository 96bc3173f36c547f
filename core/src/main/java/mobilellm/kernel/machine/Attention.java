package mobilellm.kernel.machine;

import mobilellm.kernel.Activations;
import mobilellm.kernel.Sequences;
import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Causal attention in one pass over keys and values ("online softmax", Milakov and Gimelshein 2018, arXiv 1805.02867), chunk by chunk of
/// 128 positions.
///
/// A tile is some rows of one sequence with the query heads that share a key/value head: they read the same keys and values. Every chunk
/// starts afresh ([AttentionRun]) and chunks are joined in their order ([AttentionJoin]), so a row's output has the same bits whichever
/// rows share its tile and whoever computes its chunks: where tiles are too few for the team, its members share out the chunks.
final class Attention {
    /// Positions of a chunk; divides the page of a key/value store.
    static final int CHUNK = 128;

    static final int CHUNK_BYTES = CHUNK * Float.BYTES;

    /// Tiles a member below which chunks are shared out.
    private static final int FEW_TILES = 4;

    /// Chunks that are worth a call, where members share out chunks: some 5 µs.
    private static final int PIECE_CHUNKS = 8;

    private final Arena arena;
    private final AttentionTile[] tiles;
    private MemorySegment results = MemorySegment.NULL;

    /// @param arena owns the scratch memory
    Attention(Routines routines, int threads, Arena arena) {
        this.arena = arena;
        tiles = new AttentionTile[threads];
        for (int i = 0; i < threads; i++) {
            tiles[i] = new AttentionTile(routines, arena);
        }
    }

    /// See [mobilellm.kernel.Operations#attend].
    void attend(
            Activations queries,
            Sequences sequences,
            int rows,
            int slot,
            Activations target,
            Worker worker) {
        AttentionTile tile = tiles[worker.index()];
        tile.begin(queries, sequences, rows, slot, target);
        int tileCount = 0;
        int chunkCount = 0;
        for (tile.first(); tile.exists(); tile.next()) {
            tileCount++;
            chunkCount += tile.chunks();
        }
        if (tileCount < FEW_TILES * worker.count()
                && chunkCount > tileCount
                && worker.count() > 1) {
            attendTogether(tile, chunkCount, worker);
        } else {
            attendApart(tile, tileCount, worker);
        }
    }

    private static void attendApart(AttentionTile tile, int tileCount, Worker worker) {
        int index = 0;
        tile.first();
        for (Worker piece : worker.pieces(tileCount)) {
            if (piece.from(tileCount) < index) {
                tile.first();
                index = 0;
            }
            for (; index < piece.to(tileCount); index++, tile.next()) {
                if (index >= piece.from(tileCount)) {
                    tile.attend(0, tile.chunks(), tile.results());
                    tile.join(tile.results());
                }
            }
        }
    }

    private void attendTogether(AttentionTile tile, int chunkCount, Worker worker) {
        long size = tile.resultBytes();
        if (results.byteSize() < chunkCount * size) {
            worker.barrier(); // All have asked.
            if (worker.index() == 0) {
                results = arena.allocate(2 * size * chunkCount, Simd.BYTES);
            }
            worker.barrier();
        }
        long address = results.address();
        for (Worker piece : worker.pieces(chunkCount / PIECE_CHUNKS)) {
            int from = piece.from(chunkCount);
            int to = piece.to(chunkCount);
            int index = 0;
            for (tile.first(); tile.exists(); tile.next()) {
                int first = Math.max(0, from - index);
                int last = Math.min(tile.chunks(), to - index);
                if (first < last) {
                    tile.attend(first, last, address + (index + first) * size);
                }
                index += tile.chunks();
            }
        }
        worker.barrier();
        int tileIndex = 0;
        int index = 0;
        for (tile.first(); tile.exists(); tile.next()) {
            if (tileIndex++ % worker.count() == worker.index()) {
                tile.join(address + index * size);
            }
            index += tile.chunks();
        }
    }
}
