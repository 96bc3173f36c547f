package mobilellm.assembler;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
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

    /// That of the system we run on.
    ///
    /// @throws ExecutableMemoryRefused if Java may not call the system's functions, or does not find them
    static SystemMemory current() throws ExecutableMemoryRefused {
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

    /// A function of the system that reports its errors.
    final class Function {
        private final String name;
        private final String errorName;
        private final MethodHandle handle;

        /// @param error how the system reports errors: `errno` or `GetLastError`
        @SuppressWarnings("restricted") // What this class is for.
        Function(
                SymbolLookup lookup,
                String name,
                String error,
                MemoryLayout result,
                MemoryLayout... parameters) {
            this.name = name;
            errorName = error;
            handle =
                    Linker.nativeLinker()
                            .downcallHandle(
                                    lookup.findOrThrow(name),
                                    FunctionDescriptor.of(result, parameters),
                                    Linker.Option.captureCallState(error));
        }

        /// Calls it; its result must not be `failure`.
        long call(long failure, Object... arguments) throws ExecutableMemoryRefused {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
                Object[] all = new Object[arguments.length + 1];
                all[0] = state;
                System.arraycopy(arguments, 0, all, 1, arguments.length);
                long result = ((Number) handle.invokeWithArguments(all)).longValue();
                if (result == failure) {
                    throw new ExecutableMemoryRefused(
                            "the system refused %s (%s %d)"
                                    .formatted(
                                            name, errorName, state.get(ValueLayout.JAVA_INT, 0)));
                }
                return result;
            } catch (ExecutableMemoryRefused | RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(name, e);
            }
        }
    }
}
