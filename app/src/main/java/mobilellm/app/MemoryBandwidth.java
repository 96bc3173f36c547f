package mobilellm.app;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// How fast threads can read memory outside the heap: the bound for decoding, which reads every weight once a token.
final class MemoryBandwidth {
    /// Far larger than any cache of the machines that this is for.
    private static final long BYTES = 256L << 20;

    private static final int PASSES = 6;
    private static final int UNROLLED = 8;

    private MemoryBandwidth() {}

    /// The best of a few passes, in bytes a second; each thread reads its own part.
    static double measure(int threads) throws InterruptedException {
        try (Arena arena = Arena.ofShared();
                ExecutorService team = Executors.newFixedThreadPool(threads)) {
            MemorySegment memory = arena.allocate(BYTES, 64);
            memory.fill((byte) 1); // untouched pages would all be one page of zeros
            long part = BYTES / threads / (UNROLLED * Long.BYTES) * (UNROLLED * Long.BYTES);
            double best = 0;
            for (int pass = 0; pass < PASSES; pass++) {
                long start = System.nanoTime();
                readParts(team, memory, part, threads);
                best = Math.max(best, part * threads * 1e9 / (System.nanoTime() - start));
            }
            return best;
        }
    }

    private static void readParts(
            ExecutorService team, MemorySegment memory, long part, int threads)
            throws InterruptedException {
        List<Future<Long>> sums = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            MemorySegment own = memory.asSlice(thread * part, part);
            sums.add(team.submit(() -> sum(own)));
        }
        for (Future<Long> sum : sums) {
            try {
                if (sum.get() == 0) {
                    throw new IllegalStateException("memory lost what was written to it");
                }
            } catch (ExecutionException e) {
                throw new IllegalStateException("cannot measure memory bandwidth", e);
            }
        }
    }

    /// Several sums at once: one alone would wait for its own addition rather than for memory.
    private static long sum(MemorySegment memory) {
        long a = 0;
        long b = 0;
        long c = 0;
        long d = 0;
        for (long offset = 0; offset < memory.byteSize(); offset += UNROLLED * Long.BYTES) {
            a +=
                    memory.get(ValueLayout.JAVA_LONG, offset)
                            + memory.get(ValueLayout.JAVA_LONG, offset + 8);
            b +=
                    memory.get(ValueLayout.JAVA_LONG, offset + 16)
                            + memory.get(ValueLayout.JAVA_LONG, offset + 24);
            c +=
                    memory.get(ValueLayout.JAVA_LONG, offset + 32)
                            + memory.get(ValueLayout.JAVA_LONG, offset + 40);
            d +=
                    memory.get(ValueLayout.JAVA_LONG, offset + 48)
                            + memory.get(ValueLayout.JAVA_LONG, offset + 56);
        }
        return a + b + c + d;
    }
}
