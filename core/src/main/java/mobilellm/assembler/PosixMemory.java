package mobilellm.assembler;

import mobilellm.assembler.SystemCalls.Function;

import java.lang.foreign.Linker;

/// `mmap`, `mprotect` and `madvise` of Linux and macOS.
final class PosixMemory implements SystemMemory {
    private static final int NO_ACCESS = 0;
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int EXECUTE = 4;
    private static final int PRIVATE = 0x02;
    private static final int ANONYMOUS_LINUX = 0x20;
    private static final int ANONYMOUS_MAC = 0x1000;
    private static final int HUGE_PAGES_LINUX = 14;
    private static final long FAILED = -1;

    private final boolean mac;
    private final Function map;
    private final Function protect;
    private final Function unmap;
    private final Function advise;

    PosixMemory(boolean mac) {
        this.mac = mac;
        var calls = new SystemCalls(Linker.nativeLinker().defaultLookup(), "errno");
        map = calls.address("mmap");
        protect = calls.integer("mprotect");
        unmap = calls.integer("munmap");
        advise = calls.integer("madvise");
    }

    @Override
    public long reserve(long bytes) throws ExecutableMemoryRefused {
        int flags = PRIVATE | (mac ? ANONYMOUS_MAC : ANONYMOUS_LINUX);
        return map.call(FAILED, 0, bytes, NO_ACCESS, flags, -1, 0);
    }

    @Override
    public void openForWriting(long address, long bytes) throws ExecutableMemoryRefused {
        protect.call(FAILED, address, bytes, READ | WRITE);
    }

    @Override
    public void openForRunning(long address, long bytes) throws ExecutableMemoryRefused {
        protect.call(FAILED, address, bytes, READ | EXECUTE);
    }

    @Override
    public void preferLargePages(long address, long bytes) {
        if (!mac) {
            try {
                advise.call(FAILED, address, bytes, HUGE_PAGES_LINUX);
            } catch (ExecutableMemoryRefused e) {
                // A kernel without them: the pages are small, and all else is the same.
            }
        }
    }

    @Override
    public void release(long address, long bytes) {
        try {
            unmap.call(FAILED, address, bytes);
        } catch (ExecutableMemoryRefused e) {
            throw new IllegalStateException(e);
        }
    }
}
