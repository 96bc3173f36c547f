package mobilellm.assembler;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/// Functions of the system that report their errors.
///
/// All are called as if they took six 64-bit whole numbers, which is right for functions of fewer and narrower ones in every calling
/// convention of 64-bit systems: one shape means one handle, and the JDK takes some ten milliseconds of a start for each.
final class SystemCalls {
    private static final int PARAMETERS = 6;

    private final SymbolLookup lookup;
    private final String error;
    private final MethodHandle handle;

    /// @param error how the system reports errors: `errno` or `GetLastError`
    @SuppressWarnings("restricted") // What this class is for.
    SystemCalls(SymbolLookup lookup, String error) {
        this.lookup = lookup;
        this.error = error;
        handle =
                Linker.nativeLinker()
                        .downcallHandle(
                                FunctionDescriptor.of(
                                        JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                                        JAVA_LONG, JAVA_LONG),
                                Linker.Option.captureCallState(error));
    }

    /// A function that returns an address.
    Function address(String name) {
        return new Function(name, lookup.findOrThrow(name), false);
    }

    /// A function that returns an `int`.
    Function integer(String name) {
        return new Function(name, lookup.findOrThrow(name), true);
    }

    final class Function {
        private final String name;
        private final MemorySegment entry;
        private final boolean narrow;

        private Function(String name, MemorySegment entry, boolean narrow) {
            this.name = name;
            this.entry = entry;
            this.narrow = narrow;
        }

        /// Calls it; its result must not be `failure`.
        long call(long failure, long... arguments) throws ExecutableMemoryRefused {
            long[] a = Arrays.copyOf(arguments, PARAMETERS);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
                long result =
                        (long) handle.invokeExact(entry, state, a[0], a[1], a[2], a[3], a[4], a[5]);
                result = narrow ? (int) result : result;
                if (result == failure) {
                    throw new ExecutableMemoryRefused(
                            "the system refused %s (%s %d)"
                                    .formatted(name, error, state.get(ValueLayout.JAVA_INT, 0)));
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
