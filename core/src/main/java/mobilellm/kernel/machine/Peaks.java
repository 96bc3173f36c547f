package mobilellm.kernel.machine;

import mobilellm.assembler.Code;
import mobilellm.assembler.CodeMemory;
import mobilellm.assembler.CpuFeatures;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.ExecutableMemoryRefused;
import mobilellm.assembler.GuardedPages;
import mobilellm.assembler.Routine;
import mobilellm.kernel.ThreadTeam;
import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// What the processor can do at most when all threads do nothing else, by small loops of machine code; of each the best of some passes
/// within [#BUDGET_NANOS]. Operations are multiplications and additions.
///
/// @param threads that measured together
/// @param int8Operations products of bytes a second, in the fastest instructions that there are
/// @param floatOperations fused f32 multiplications and additions a second
/// @param l1Bytes bytes read a second, each thread from 16 kB of its own
/// @param l2Bytes the same from 128 kB
/// @param memoryBytes bytes read a second from [#MEMORY_BYTES], more than most caches hold
/// @param weights bytes that the threads read again and again for `weightBytes`, each its part, as decoding reads a model
/// @param weightBytes bytes a second of that
public record Peaks(
        int threads,
        double int8Operations,
        double floatOperations,
        double l1Bytes,
        double l2Bytes,
        double memoryBytes,
        long weights,
        double weightBytes) {
    /// What is read to measure memory.
    public static final long MEMORY_BYTES = 512L << 20;

    private static final long BUDGET_NANOS = 40_000_000;
    private static final long TURNS = 50_000;
    private static final int L1_BYTES = 16 << 10;
    private static final int L2_BYTES = 128 << 10;
    private static final long CACHED_BYTES = 32 << 20;

    /// Bytes by which one of two loops fetches ahead; which of them is faster depends on the processor.
    private static final int AHEAD = 8192;

    /// Measures; takes a third of a second and [#MEMORY_BYTES] for as long.
    ///
    /// @param weights bytes of the model; of more than [#MEMORY_BYTES] those are read
    /// @return nothing where machine code cannot run
    public static Optional<Peaks> measure(int threads, long weights) {
        Optional<CpuTier> tier = CpuFeatures.detect().tier();
        if (tier.isEmpty()) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofShared();
                ThreadTeam team = new ThreadTeam(threads)) {
            return Optional.of(new Probe(tier.get(), team, arena).measure(weights));
        } catch (ExecutableMemoryRefused e) {
            return Optional.empty();
        }
    }

    /// The better of two measurements in everything.
    public Peaks best(Peaks other) {
        return new Peaks(
                threads,
                Math.max(int8Operations, other.int8Operations),
                Math.max(floatOperations, other.floatOperations),
                Math.max(l1Bytes, other.l1Bytes),
                Math.max(l2Bytes, other.l2Bytes),
                Math.max(memoryBytes, other.memoryBytes),
                weights,
                Math.max(weightBytes, other.weightBytes));
    }

    private static final class Probe {
        private final CpuTier tier;
        private final ThreadTeam team;
        private final Arena arena;
        private final Arguments[] arguments;
        private final MemorySegment memory;
        private long started;
        private long nanos;

        Probe(CpuTier tier, ThreadTeam team, Arena arena) throws ExecutableMemoryRefused {
            this.tier = tier;
            this.team = team;
            this.arena = arena;
            arguments = new Arguments[team.threads()];
            for (int i = 0; i < arguments.length; i++) {
                arguments[i] = new Arguments(arena);
            }
            memory = GuardedPages.mapLarge(arena, MEMORY_BYTES).segment();
            // Untouched pages would all be one page of zeros; each member touches its own.
            team.run(
                    worker -> {
                        long part = part(MEMORY_BYTES);
                        memory.asSlice(worker.index() * part, part).fill((byte) 1);
                    });
        }

        private long part(long bytes) {
            long pieces = Math.max(1, bytes / team.threads() / PeakLoops.PIECE);
            return pieces * PeakLoops.PIECE;
        }

        Peaks measure(long weights) throws ExecutableMemoryRefused {
            PeakLoops bytes = new PeakLoops(tier);
            PeakLoops floats = new PeakLoops(tier);
            long read = Math.min(weights, MEMORY_BYTES);
            Routine plain = routine(new PeakLoops(tier).read(0));
            Routine ahead = routine(new PeakLoops(tier).read(AHEAD));
            return new Peaks(
                    team.threads(),
                    turns(routine(bytes.bytes()), bytes.byteOperations()),
                    turns(routine(floats.floats()), floats.floatOperations()),
                    read(plain, L1_BYTES),
                    read(plain, L2_BYTES),
                    Math.max(read(plain, part(MEMORY_BYTES)), read(ahead, part(MEMORY_BYTES))),
                    part(read) * team.threads(),
                    Math.max(read(plain, part(read)), read(ahead, part(read))));
        }

        private Routine routine(Code code) throws ExecutableMemoryRefused {
            return CodeMemory.install(arena, code);
        }

        private double turns(Routine routine, int operations) {
            for (Arguments each : arguments) {
                each.set(PeakLoops.TURNS, TURNS);
            }
            return best(routine, (double) TURNS * operations);
        }

        /// @param bytes of each member
        private double read(Routine routine, long bytes) {
            long turns = Math.max(1, CACHED_BYTES / bytes);
            for (int i = 0; i < arguments.length; i++) {
                arguments[i]
                        .set(PeakLoops.TURNS, turns)
                        .set(PeakLoops.ADDRESS, memory.address() + i * bytes)
                        .set(PeakLoops.BYTES, bytes);
            }
            return best(routine, (double) turns * bytes);
        }

        /// @param amount that each member does in a pass
        /// @return what all do in a second
        private double best(Routine routine, double amount) {
            long end = System.nanoTime() + BUDGET_NANOS;
            double best = 0;
            do {
                team.run(worker -> pass(routine, worker));
                best = Math.max(best, amount * team.threads() * 1e9 / nanos);
            } while (System.nanoTime() < end);
            return best;
        }

        private void pass(Routine routine, Worker worker) {
            worker.barrier();
            if (worker.index() == 0) {
                started = System.nanoTime();
            }
            routine.call(arguments[worker.index()].block());
            worker.barrier();
            if (worker.index() == 0) {
                nanos = System.nanoTime() - started;
            }
        }
    }
}
