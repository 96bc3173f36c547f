package mobilellm.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Off-heap memory for weights and caches: aligned to the cache line, so that no 64-byte load straddles two.
final class OffHeap {
    private static final long ALIGNMENT = 64;

    private OffHeap() {}

    static MemorySegment allocate(Arena arena, long bytes) {
        return arena.allocate(bytes, ALIGNMENT);
    }
}
