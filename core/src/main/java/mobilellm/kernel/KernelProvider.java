package mobilellm.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// One way of doing the arithmetic. Asking a provider whether it is usable must not load what it would need to run.
public interface KernelProvider {
    /// The name on the command line, such as `vector`.
    String name();

    /// Whether this machine and these JVM flags can run it.
    boolean isUsable();

    /// One line: what it will use, or why it cannot.
    String why();

    /// Makes the operations, with the scratch memory that each member of a team needs.
    ///
    /// @param threads members of the team that will call the operations
    /// @param arena owns the scratch memory
    Operations open(int threads, Arena arena);

    /// Whether a pass may be given up in its middle and begun anew: not, if somebody keeps count of what it computes.
    default boolean isRestartable() {
        return true;
    }

    /// What packs weights for the operations. All providers' packers write the same bytes.
    ///
    /// @param arena owns the packer's memory
    default GroupPacker packer(Arena arena) {
        return new LoopPacker();
    }

    /// Memory for weights: zeroed, at least `bytes`, and more where what is not touched takes no memory.
    ///
    /// @param arena owns it
    default MemorySegment allocate(Arena arena, long bytes) {
        return OffHeap.allocate(arena, bytes);
    }
}
