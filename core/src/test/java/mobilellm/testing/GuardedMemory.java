package mobilellm.testing;

import mobilellm.assembler.ExecutableMemoryRefused;
import mobilellm.assembler.GuardedPages;

import org.opentest4j.TestAbortedException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Buffers for code that nobody checks: one byte too far and the process dies, instead of reading a neighbour's.
public final class GuardedMemory {
    private GuardedMemory() {}

    /// A buffer whose last byte is the last before an untouchable page; aligned as `bytes` is. What lies before it may be read, and
    /// is filled with 0xA5.
    public static MemorySegment before(Arena arena, long bytes) {
        MemorySegment pages = pages(arena, bytes);
        return pages.asSlice(pages.byteSize() - bytes, bytes).fill((byte) 0);
    }

    /// A buffer whose first byte is the first behind an untouchable page, and thus aligned to a page. What lies behind it may be
    /// read, and is filled with 0xA5.
    public static MemorySegment behind(Arena arena, long bytes) {
        return pages(arena, bytes).asSlice(0, bytes).fill((byte) 0);
    }

    private static MemorySegment pages(Arena arena, long bytes) {
        try {
            return GuardedPages.map(arena, Math.max(1, bytes)).segment().fill((byte) 0xA5);
        } catch (ExecutableMemoryRefused e) {
            throw new TestAbortedException("skipped: " + e.getMessage(), e);
        }
    }
}
