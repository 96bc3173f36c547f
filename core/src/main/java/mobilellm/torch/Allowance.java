package mobilellm.torch;

import mobilellm.tensor.MalformedFileException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory for what cannot be used as it lies in the file: deflated entries and tensors with gaps or repetitions between
/// their elements. A file can ask for a multiple of its own size and not for more, so a small one cannot fill the memory.
final class Allowance {
    private static final long TIMES_THE_FILE = 16;
    private static final long LEAST = 16 << 20;

    /// A cache line, and the width of the widest vector load.
    private static final long ALIGNMENT = 64;

    private final Arena arena;
    private final String file;
    private long left;

    Allowance(Arena arena, String file, long fileBytes) {
        this.arena = arena;
        this.file = file;
        this.left = Math.addExact(LEAST, Math.multiplyExact(TIMES_THE_FILE, fileBytes));
    }

    /// Memory full of zeros.
    ///
    /// @param what for messages
    MemorySegment allocate(long bytes, String what) {
        if (bytes < 0 || bytes > left) {
            throw new MalformedFileException(
                    "%s: %s would take %d bytes of memory, more than %d times the file"
                            .formatted(file, what, bytes, TIMES_THE_FILE));
        }
        left -= bytes;
        return arena.allocate(bytes, ALIGNMENT);
    }
}
