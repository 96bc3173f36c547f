package mobilellm.assembler;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Puts code where the processor may run it.
///
/// Memory is first writable, then executable, never both, and lies between guard pages. Tried on Linux and, for Windows, under Wine;
/// written for but not run on Macs with Intel processors.
public final class CodeMemory {
    private CodeMemory() {}

    /// Whether this is a processor that the code is written for.
    public static boolean isForThisProcessor() {
        return Set.of("amd64", "x86_64").contains(System.getProperty("os.arch"));
    }

    /// One routine for each of `codes`, callable while `arena` is open.
    ///
    /// @throws ExecutableMemoryRefused if the processor is no x86-64, or the system does not allow code that was made at run time
    ///     (SELinux's execmem, a hardened container) or Java no native access
    public static List<Routine> install(Arena arena, List<Code> codes)
            throws ExecutableMemoryRefused {
        if (!isForThisProcessor()) {
            throw new ExecutableMemoryRefused(
                    "the processor is %s, machine code is written for x86-64"
                            .formatted(System.getProperty("os.arch")));
        }
        long bytes = 0;
        for (Code code : codes) {
            bytes += aligned(code);
        }
        GuardedPages pages = GuardedPages.map(arena, bytes);
        var routines = new ArrayList<Routine>();
        long offset = 0;
        for (Code code : codes) {
            MemorySegment entry = pages.segment().asSlice(offset, code.size());
            entry.copyFrom(MemorySegment.ofArray(code.bytes()));
            routines.add(new Routine(entry));
            offset += aligned(code);
        }
        pages.openForRunning();
        return List.copyOf(routines);
    }

    /// As [#install(Arena, List)], of one.
    public static Routine install(Arena arena, Code code) throws ExecutableMemoryRefused {
        return install(arena, List.of(code)).getFirst();
    }

    private static long aligned(Code code) {
        return Math.ceilDiv(code.size(), Code.ALIGNMENT) * (long) Code.ALIGNMENT;
    }
}
