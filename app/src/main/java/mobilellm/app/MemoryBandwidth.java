package mobilellm.app;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
    private static final int LINE = 64;

    private MemoryBandwidth() {}

    /// The best of a few passes, in bytes a second; each thread reads its own part.
    static double measure(int threads) throws InterruptedException {
        try (Arena arena = Arena.ofShared();
                ExecutorService team = Executors.newFixedThreadPool(threads)) {
            MemorySegment memory = arena.allocate(BYTES, LINE);
            memory.fill((byte) 1); // untouched pages would all be one page of zeros
            long part = BYTES / threads / (2 * LINE) * (2 * LINE);
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
        List<Future<Boolean>> answers = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            MemorySegment own = memory.asSlice(thread * part, part);
            answers.add(team.submit(() -> halvesAreEqual(own)));
        }
        for (Future<Boolean> answer : answers) {
            try {
                if (!answer.get()) {
                    throw new IllegalStateException("memory lost what was written to it");
                }
            } catch (ExecutionException e) {
                throw new IllegalStateException("cannot measure memory bandwidth", e);
            }
        }
    }

    /// Compares the halves, which are equal: the JVM does that with vector instructions whatever compiled the rest.
    private static boolean halvesAreEqual(MemorySegment memory) {
        long half = memory.byteSize() / 2;
        return memory.asSlice(0, half).mismatch(memory.asSlice(half)) < 0;
    }
}
