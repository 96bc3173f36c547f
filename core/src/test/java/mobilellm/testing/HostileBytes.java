package mobilellm.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;

import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// Parses bytes that may be hostile and holds the parser to its promise: a good file or one of two exceptions, on little
/// heap and in little time.
///
/// @param file what messages call the file
/// @param parser reads the bytes of a whole file
/// @param fixedHeap how many bytes of heap any file may cost
/// @param heapPerByte how many more a byte of the file may cost
public record HostileBytes(
        String file, Consumer<MemorySegment> parser, long fixedHeap, int heapPerByte) {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// Messages, stack traces and, at the first call, class loading.
    private static final long SMALL = 4 << 20;

    /// Of the processor: the machine may be busy with something else.
    private static final Duration TIME = Duration.ofSeconds(5);

    /// A parser whose heap is in proportion to the file.
    public HostileBytes(String file, Consumer<MemorySegment> parser, int heapPerByte) {
        this(file, parser, SMALL, heapPerByte);
    }

    /// 2^`pairs` names that are all different and have one and the same [String#hashCode].
    public static List<String> collidingNames(int pairs) {
        List<String> names = new ArrayList<>();
        for (int bits = 0; bits < 1 << pairs; bits++) {
            StringBuilder name = new StringBuilder();
            for (int pair = 0; pair < pairs; pair++) {
                name.append(((bits >> pair) & 1) == 0 ? "Aa" : "BB");
            }
            names.add(name.toString());
        }
        return names;
    }

    /// Whether the bytes are a good file.
    public boolean isAccepted(byte[] bytes) {
        return outcome(bytes).isEmpty();
    }

    /// The message with which the bytes are refused.
    public String refusal(byte[] bytes) {
        String message = outcome(bytes);
        if (message.isEmpty()) {
            fail("a bad file of %d bytes was accepted", bytes.length);
        }
        assertThat(message).startsWith(file);
        return message;
    }

    /// Cuts a good file after every byte.
    public void refusesEveryTruncation(byte[] good) {
        assertThat(outcome(good)).isEmpty();
        for (int length = 0; length < good.length; length++) {
            refusal(Arrays.copyOf(good, length));
        }
    }

    /// Turns over every bit, one at a time; a flip in a number or a name may leave a good file.
    ///
    /// @return how many files were refused
    public int flipEveryBit(byte[] good) {
        byte[] bytes = good.clone();
        int refused = 0;
        for (int i = 0; i < bytes.length; i++) {
            for (int mask = 1; mask < 256; mask <<= 1) {
                bytes[i] = (byte) (good[i] ^ mask);
                refused += isAccepted(bytes) ? 0 : 1;
            }
            bytes[i] = good[i];
        }
        return refused;
    }

    /// Why the bytes are refused, or nothing; measured again where it took too much, because the first
    /// time may have loaded classes.
    private String outcome(byte[] bytes) {
        Attempt attempt = attempt(bytes);
        long mostHeap = fixedHeap + (long) heapPerByte * bytes.length;
        if (attempt.heap >= mostHeap || attempt.nanoseconds >= TIME.toNanos()) {
            attempt = attempt(bytes);
            assertThat(attempt.heap)
                    .as("heap for a file of %d bytes", bytes.length)
                    .isLessThan(mostHeap);
            assertThat(attempt.nanoseconds).isLessThan(TIME.toNanos());
        }
        return attempt.message;
    }

    private record Attempt(String message, long heap, long nanoseconds) {}

    private Attempt attempt(byte[] bytes) {
        MemorySegment segment = MemorySegment.ofArray(bytes).asReadOnly();
        long heap = THREADS.getCurrentThreadAllocatedBytes();
        long start = THREADS.getCurrentThreadCpuTime();
        String message = "";
        try {
            parser.accept(segment);
        } catch (MalformedFileException | UnsupportedModelException e) {
            message = String.valueOf(e.getMessage());
        }
        long nanoseconds = THREADS.getCurrentThreadCpuTime() - start;
        return new Attempt(message, THREADS.getCurrentThreadAllocatedBytes() - heap, nanoseconds);
    }
}
