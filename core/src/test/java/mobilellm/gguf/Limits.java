package mobilellm.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;

import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/// Parses bytes that may be hostile and holds the parser to its promise: a good file or one of two exceptions, on little
/// heap and in little time.
final class Limits {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// Messages, stack traces and, at the first call, class loading.
    private static final long FIXED_HEAP = 2 << 20;

    /// The smallest pair, description or array element takes a few bytes in the file and a few objects on the heap.
    private static final int HEAP_PER_BYTE = 32;

    private static final Duration TIME = Duration.ofSeconds(5);

    private Limits() {}

    /// Whether the bytes are a good file.
    static boolean isAccepted(byte[] file) {
        return outcome(file).isEmpty();
    }

    /// The message with which the bytes are refused.
    static String refusal(byte[] file) {
        String message = outcome(file);
        if (message.isEmpty()) {
            fail("a bad file of %d bytes was accepted", file.length);
        }
        assertThat(message).startsWith("bad.gguf: ");
        return message;
    }

    private static String outcome(byte[] file) {
        MemorySegment bytes = MemorySegment.ofArray(file).asReadOnly();
        long heap = THREADS.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        String message = "";
        try {
            GgufFile.parse(bytes, "bad.gguf");
        } catch (MalformedFileException | UnsupportedModelException e) {
            message = String.valueOf(e.getMessage());
        }
        long nanoseconds = System.nanoTime() - start;
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - heap)
                .as("heap for a file of %d bytes", file.length)
                .isLessThan(FIXED_HEAP + (long) HEAP_PER_BYTE * file.length);
        assertThat(nanoseconds).isLessThan(TIME.toNanos());
        return message;
    }
}
