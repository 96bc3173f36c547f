package mobilellm.assembler;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Linker;

/// `mmap` and `mprotect` of Linux and macOS.
final class PosixMemory implements SystemMemory {
    private static final int NO_ACCESS = 0;
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int EXECUTE = 4;
    private static final int PRIVATE = 0x02;
    private static final int ANONYMOUS_LINUX = 0x20;
    private static final int ANONYMOUS_MAC = 0x1000;
    private static final long FAILED = -1;

    private final Function map;
    private final Function protect;
    private final Function unmap;
    private final int flags;

    PosixMemory(boolean mac) {
        var lookup = Linker.nativeLinker().defaultLookup();
        flags = PRIVATE | (mac ? ANONYMOUS_MAC : ANONYMOUS_LINUX);
        map =
                new Function(
                        lookup, "mmap", "errno", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT,
                        JAVA_INT, JAVA_INT, JAVA_LONG);
        protect =
                new Function(lookup, "mprotect", "errno", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
        unmap = new Function(lookup, "munmap", "errno", JAVA_INT, JAVA_LONG, JAVA_LONG);
    }

    @Override
    public long reserve(long bytes) throws ExecutableMemoryRefused {
        return map.call(FAILED, 0L, bytes, NO_ACCESS, flags, -1, 0L);
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
    public void release(long address, long bytes) {
        try {
            unmap.call(FAILED, address, bytes);
        } catch (ExecutableMemoryRefused e) {
            throw new IllegalStateException(e);
        }
    }
}
