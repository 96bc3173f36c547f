package mobilellm.assembler;

import org.jspecify.annotations.Nullable;

import java.util.Locale;
import java.util.NoSuchElementException;

/// The operating system's calls that reserve pages and change what may be done with them.
sealed interface SystemMemory permits PosixMemory, WindowsMemory {
    /// Reserves address space that may not be touched.
    ///
    /// @return its address
    long reserve(long bytes) throws ExecutableMemoryRefused;

    /// Makes reserved pages readable and writable.
    void openForWriting(long address, long bytes) throws ExecutableMemoryRefused;

    /// Makes pages readable and executable, and no longer writable.
    void openForRunning(long address, long bytes) throws ExecutableMemoryRefused;

    /// Gives back what [#reserve] returned.
    void release(long address, long bytes);

    /// Asks for large pages: for the same bytes fewer of them are touched and looked up. A system without them does nothing.
    void preferLargePages(long address, long bytes);

    /// What [#current] found.
    final class Known {
        private static volatile @Nullable SystemMemory memory;

        private Known() {}
    }

    /// That of the system we run on.
    ///
    /// @throws ExecutableMemoryRefused if Java may not call the system's functions, or does not find them
    static SystemMemory current() throws ExecutableMemoryRefused {
        SystemMemory known = Known.memory;
        if (known == null) {
            known = find();
            Known.memory = known;
        }
        return known;
    }

    private static SystemMemory find() throws ExecutableMemoryRefused {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        try {
            return system.startsWith("windows")
                    ? new WindowsMemory()
                    : new PosixMemory(system.startsWith("mac"));
        } catch (IllegalCallerException | NoSuchElementException | IllegalArgumentException e) {
            throw new ExecutableMemoryRefused(
                    "Java cannot call the system's memory functions: " + e.getMessage());
        }
    }
}
