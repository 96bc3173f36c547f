package mobilellm.model;

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
    private final List<MemorySegment> segments = new ArrayList<>();

    @Override
    public MemorySegment allocate(long bytes, long alignment) {
        MemorySegment segment = arena.allocate(bytes, alignment);
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
