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

    private final Arena arena = Arena.ofShared();
    private final KernelProvider kernels;
    private final List<MemorySegment> segments = new ArrayList<>();
    private MemorySegment piece = MemorySegment.NULL;
    private long used;

    /// @param kernels whose memory it is
    WeightArena(KernelProvider kernels) {
        this.kernels = kernels;
    }

    @Override
    public MemorySegment allocate(long bytes, long alignment) {
        long start = Math.ceilDiv(used, alignment) * alignment;
        if (start + bytes > piece.byteSize()) {
            piece = kernels.allocate(arena, bytes);
            start = 0;
        }
        used = start + bytes;
        MemorySegment segment = piece.asSlice(start, bytes, alignment);
        segments.add(segment);
        return segment;
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
