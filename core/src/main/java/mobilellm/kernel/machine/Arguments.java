package mobilellm.kernel.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The block of arguments of a routine, and its scratch memory. One for each thread; routines take turns with it.
final class Arguments {
    private final MemorySegment block;

    Arguments(Arena arena) {
        block = arena.allocate(ProductKernel.ARGUMENT_BYTES, Simd.BYTES);
    }

    Arguments set(int offset, long value) {
        block.set(ValueLayout.JAVA_LONG, offset, value);
        return this;
    }

    Arguments set(int offset, float value) {
        block.set(ValueLayout.JAVA_FLOAT, offset, value);
        return this;
    }

    MemorySegment block() {
        return block;
    }
}
