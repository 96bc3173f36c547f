package mobilellm.assembler;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Machine code that can be called: `void f(long argumentBlock)`.
///
/// All routines share one shape, so one handle serves them, and a call site that calls always the same or ever other ones costs the same.
/// What the block points to must stay alive during the call; nobody checks that. A routine whose arena is closed throws
/// [IllegalStateException] instead of being called.
public final class Routine {
    private static final MethodHandle CALL = handle();
    private static final MethodHandle CRITICAL = handle(Linker.Option.critical(false));

    private final MemorySegment entry;

    Routine(MemorySegment entry) {
        this.entry = entry;
    }

    /// Runs it with the address of `argumentBlock`; other threads and garbage collections go on meanwhile.
    public void call(MemorySegment argumentBlock) {
        try {
            CALL.invokeExact(entry, argumentBlock.address());
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /// As [#call], with less ceremony (about 10 ns), for work of a few microseconds: the whole machine waits for it at a safepoint.
    public void callCritical(MemorySegment argumentBlock) {
        try {
            CRITICAL.invokeExact(entry, argumentBlock.address());
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /// Where it begins in memory.
    public long address() {
        return entry.address();
    }

    @SuppressWarnings("restricted") // What this class is for.
    private static MethodHandle handle(Linker.Option... options) {
        return Linker.nativeLinker()
                .downcallHandle(FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), options);
    }
}
