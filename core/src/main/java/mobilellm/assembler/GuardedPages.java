package mobilellm.assembler;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory of whole pages with an untouchable stretch before and behind it: who reads or jumps out of it fails at once.
public final class GuardedPages {
    /// Pages are taken by this many bytes, a multiple of every system's page.
    public static final long UNIT = 1 << 16;

    private final SystemMemory system;
    private final MemorySegment segment;

    private GuardedPages(SystemMemory system, MemorySegment segment) {
        this.system = system;
        this.segment = segment;
    }

    /// Pages that may be read and written, zeroed, of at least `bytes` and a multiple of [#UNIT]; they live as long as `arena`.
    @SuppressWarnings("restricted") // The memory is the system's own.
    public static GuardedPages map(Arena arena, long bytes) throws ExecutableMemoryRefused {
        SystemMemory system = SystemMemory.current();
        long size = Math.ceilDiv(bytes, UNIT) * UNIT;
        long whole = size + 2 * UNIT;
        long address = system.reserve(whole);
        try {
            system.openForWriting(address + UNIT, size);
            return new GuardedPages(
                    system,
                    MemorySegment.ofAddress(address + UNIT)
                            .reinterpret(size, arena, _ -> system.release(address, whole)));
        } catch (ExecutableMemoryRefused | RuntimeException e) {
            system.release(address, whole);
            throw e;
        }
    }

    /// As [#map], for data of many megabytes: large pages where the system has them.
    public static GuardedPages mapLarge(Arena arena, long bytes) throws ExecutableMemoryRefused {
        GuardedPages pages = map(arena, bytes);
        pages.system.preferLargePages(pages.segment.address(), pages.segment.byteSize());
        return pages;
    }

    /// The pages between the guards.
    public MemorySegment segment() {
        return segment;
    }

    /// Makes the pages executable and no longer writable.
    void openForRunning() throws ExecutableMemoryRefused {
        system.openForRunning(segment.address(), segment.byteSize());
    }
}
