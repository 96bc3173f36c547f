package mobilellm.assembler;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import mobilellm.assembler.SystemCalls.Function;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;

/// `VirtualAlloc` and `VirtualProtect` of Windows. Run under Wine so far.
final class WindowsMemory implements SystemMemory {
    private static final int COMMIT = 0x1000;
    private static final int RESERVE = 0x2000;
    private static final int RELEASE = 0x8000;
    private static final int NO_ACCESS = 0x01;
    private static final int READ_WRITE = 0x04;
    private static final int EXECUTE_READ = 0x20;
    private static final long FAILED = 0;

    private final Function allocate;
    private final Function protect;
    private final Function free;

    @SuppressWarnings("restricted") // What this class is for.
    WindowsMemory() {
        var lookup = SymbolLookup.libraryLookup("kernel32", Arena.global());
        var calls = new SystemCalls(lookup, "GetLastError");
        allocate = calls.address("VirtualAlloc");
        protect = calls.integer("VirtualProtect");
        free = calls.integer("VirtualFree");
    }

    @Override
    public long reserve(long bytes) throws ExecutableMemoryRefused {
        return allocate.call(FAILED, 0, bytes, RESERVE, NO_ACCESS);
    }

    @Override
    public void openForWriting(long address, long bytes) throws ExecutableMemoryRefused {
        allocate.call(FAILED, address, bytes, COMMIT, READ_WRITE);
    }

    @Override
    public void openForRunning(long address, long bytes) throws ExecutableMemoryRefused {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment before = arena.allocate(JAVA_INT);
            protect.call(FAILED, address, bytes, EXECUTE_READ, before.address());
        }
    }

    @Override
    public void preferLargePages(long address, long bytes) {
        // They need a privilege that hardly anybody has.
    }

    @Override
    public void release(long address, long bytes) {
        try {
            free.call(FAILED, address, 0, RELEASE);
        } catch (ExecutableMemoryRefused e) {
            throw new IllegalStateException(e);
        }
    }
}
