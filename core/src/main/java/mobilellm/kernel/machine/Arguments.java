package mobilellm.kernel.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The block of arguments of a routine, and its scratch memory. One for each thread; routines take turns with it.
///
/// Numbers are collected in an array and copied at once: the quick compiler, which is all that a start has, makes some 40 ns of each write to a
/// segment.
final class Arguments {
    private final MemorySegment block;
    private final long[] numbers;

    /// As many as can be recorded.
    Arguments(Arena arena) {
        this(arena, PlayKernel.NEXT, ProductKernel.ARGUMENT_BYTES);
    }

    /// @param used bytes of arguments
    /// @param bytes of the block, arguments and scratch memory
    Arguments(Arena arena, int used, int bytes) {
        numbers = new long[used / Long.BYTES];
        block = arena.allocate(bytes, Simd.BYTES);
    }

    Arguments set(int offset, long value) {
        numbers[offset / Long.BYTES] = value;
        return this;
    }

    Arguments set(int offset, float value) {
        return set(offset, (long) Float.floatToRawIntBits(value));
    }

    /// Where the block is.
    long address() {
        return block.address();
    }

    /// The block, with all that was set.
    MemorySegment block() {
        MemorySegment.copy(numbers, 0, block, ValueLayout.JAVA_LONG, 0, numbers.length);
        return block;
    }
}
