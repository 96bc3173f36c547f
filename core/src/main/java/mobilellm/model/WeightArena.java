package mobilellm.model;

import mobilellm.kernel.KernelProvider;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/// An arena that knows what it holds: whatever a model's weights consist of, none of it is left out of their digest. Memory
/// is taken by one thread.
final class WeightArena implements Arena {
    private static final long LARGEST_VIEW = 1 << 30;
    private static final long LARGEST_VECTOR = 64 << 10;

    private final Arena arena = Arena.ofShared();
    private final KernelProvider kernels;
    private final List<MemorySegment> segments = new ArrayList<>();
    private final Piece matrices = new Piece();

    /// Vectors are written one by one before matrices are packed: lying among these, each would have the system clear a
    /// large page first, while the other threads wait.
    private final Piece vectors = new Piece();

    /// @param kernels whose memory it is
    WeightArena(KernelProvider kernels) {
        this.kernels = kernels;
    }

    @Override
    public MemorySegment allocate(long bytes, long alignment) {
        Piece piece = bytes < LARGEST_VECTOR ? vectors : matrices;
        MemorySegment segment = piece.take(bytes, alignment);
        segments.add(segment);
        return segment;
    }

    /// Memory that is given away from its begin on; the next piece follows where it does not suffice.
    private final class Piece {
        private MemorySegment memory = MemorySegment.NULL;
        private long used;

        MemorySegment take(long bytes, long alignment) {
            long start = Math.ceilDiv(used, alignment) * alignment;
            if (start + bytes > memory.byteSize()) {
                memory = kernels.allocate(arena, bytes);
                start = 0;
            }
            used = start + bytes;
            return memory.asSlice(start, bytes, alignment);
        }
    }

    void digest(MessageDigest target) {
        for (MemorySegment segment : segments) {
            for (long from = 0; from < segment.byteSize(); from += LARGEST_VIEW) {
                long bytes = Math.min(LARGEST_VIEW, segment.byteSize() - from);
                target.update(segment.asSlice(from, bytes).asByteBuffer());
            }
        }
    }

    @Override
    public MemorySegment.Scope scope() {
        return arena.scope();
    }

    @Override
    public void close() {
        arena.close();
    }
}
