package mobilellm.testing;

import mobilellm.assembler.ExecutableMemoryRefused;
import mobilellm.assembler.GuardedPages;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// An arena whose every allocation ends right before an untouchable page, or begins right behind one: one byte too far and the process
/// dies. What lies at the other end is marked, and [#check] finds what was written there.
///
/// Allocations that end before a page are aligned as their size is.
public final class GuardedArena implements Arena {
    private static final byte MARK = (byte) 0xA5;

    private final Arena pages = Arena.ofShared();
    private final boolean atEnd;
    private final List<MemorySegment> marked = new ArrayList<>();

    /// @param atEnd whether allocations end before a page; else they begin behind one
    public GuardedArena(boolean atEnd) {
        this.atEnd = atEnd;
    }

    @Override
    public synchronized MemorySegment allocate(long bytes, long alignment) {
        MemorySegment whole;
        try {
            whole = GuardedPages.map(pages, Math.max(1, bytes)).segment().fill(MARK);
        } catch (ExecutableMemoryRefused e) {
            throw new IllegalStateException(e);
        }
        long rest = whole.byteSize() - bytes;
        marked.add(atEnd ? whole.asSlice(0, rest) : whole.asSlice(bytes));
        return whole.asSlice(atEnd ? rest : 0, bytes).fill((byte) 0);
    }

    /// Looks at what lies beside the allocations.
    ///
    /// @throws AssertionError if something was written there
    public synchronized void check() {
        MemorySegment marks = MemorySegment.ofArray(new byte[(int) GuardedPages.UNIT]).fill(MARK);
        for (MemorySegment rest : marked) {
            long at = rest.mismatch(marks.asSlice(0, rest.byteSize()));
            if (at >= 0) {
                throw new AssertionError("written beside a buffer, at byte " + at);
            }
        }
    }

    @Override
    public MemorySegment.Scope scope() {
        return pages.scope();
    }

    @Override
    public void close() {
        pages.close();
    }
}
