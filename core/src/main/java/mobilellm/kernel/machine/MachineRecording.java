package mobilellm.kernel.machine;

import mobilellm.assembler.Routine;
import mobilellm.kernel.Recording;
import mobilellm.kernel.Sequences;
import mobilellm.kernel.ThreadTeam;
import mobilellm.kernel.ThreadTeam.Worker;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// The calls that members made in a stretch of a pass. Java spends some 300 ns on an operation, in a layer of small products a seventh of all time; here
/// [PlayKernel] makes the calls again, with the arguments that they had.
final class MachineRecording implements Recording {
    /// More than a member has time for: a wait takes some microseconds.
    private static final int MOST_FETCHED = 65_536;

    private final Arena arena;
    private final Routine player;
    private final Recorder[] recorders;
    private final @Nullable Steps[] steps; // of each member, and of the first one alone

    MachineRecording(Arena arena, Routine player, Recorder[] recorders) {
        this.arena = arena;
        this.player = player;
        this.recorders = recorders;
        steps = new Steps[recorders.length + 1];
    }

    /// @param arguments of the player
    /// @param first address of the first step
    private record Steps(MemorySegment arguments, long first) {}

    private static void set(MemorySegment block, int offset, long value) {
        block.setAtIndex(ValueLayout.JAVA_LONG, offset / Long.BYTES, value);
    }

    /// What a member does while it is recorded.
    static final class Recorder {
        private final Arguments block;
        private final Place place;
        private final List<MemorySegment> steps = new ArrayList<>();
        private final List<MemorySegment> barriers = new ArrayList<>(); // since weights were read
        private @Nullable Arena arena; // null while nothing is recorded

        /// @param block the arguments of all calls that may be recorded
        /// @param place where those that store find the place
        Recorder(Arguments block, Place place) {
            this.block = block;
            this.place = place;
        }

        /// Forgets what was not kept.
        void stop() {
            steps.clear();
            barriers.clear();
            arena = null;
        }

        private MemorySegment addStep(Arena newArena) {
            MemorySegment step = newArena.allocate(PlayKernel.STEP_BYTES, Simd.BYTES);
            if (!steps.isEmpty()) {
                set(steps.getLast(), PlayKernel.NEXT, step.address());
            }
            steps.add(step);
            return step;
        }

        /// Calls the routine with the arguments.
        void call(Routine routine) {
            MemorySegment arguments = block.block();
            if (arena != null) { // Before the call: routines may count down an argument.
                MemorySegment step = addStep(arena);
                MemorySegment.copy(arguments, 0, step, 0, PlayKernel.NEXT);
                set(step, PlayKernel.ROUTINE, routine.address());
            }
            routine.call(arguments);
        }

        void barrier(Worker worker) {
            worker.barrier();
            if (arena != null && worker.count() > 1) {
                barriers.add(addStep(arena));
            }
        }

        /// The next call reads so many bytes of weights from an address on. What waits at the barriers before it, also of the stretch before, can
        /// fetch some.
        void reads(long address, long bytes) {
            if (barriers.isEmpty()) {
                return;
            }
            long pieces = Math.min(bytes, MOST_FETCHED) / PlayKernel.PIECE_BYTES;
            for (MemorySegment barrier : barriers) {
                set(barrier, PlayKernel.FETCHED, address);
                set(barrier, PlayKernel.PIECES, pieces);
            }
            barriers.clear();
        }

        private Steps steps(Worker worker, Arena ofSteps) {
            MemorySegment arguments = ofSteps.allocate(PlayKernel.ARGUMENT_BYTES, Simd.BYTES);
            long arrivals = worker.arrivals().address();
            set(arguments, PlayKernel.BLOCK, block.address());
            set(arguments, PlayKernel.OWN, arrivals + worker.index() * ThreadTeam.ARRIVAL_BYTES);
            set(arguments, PlayKernel.ARRIVALS, arrivals);
            set(arguments, PlayKernel.MEMBERS, worker.count());
            return new Steps(arguments, steps.isEmpty() ? 0 : steps.getFirst().address());
        }
    }

    private int slot(Worker worker) {
        return worker.count() > 1 || recorders.length == 1 ? worker.index() : recorders.length;
    }

    @Override
    public boolean replay(Sequences sequences, Worker worker) {
        Recorder recorder = recorders[worker.index()];
        Steps kept = steps[slot(worker)];
        if (kept == null) {
            recorder.steps.clear();
            recorder.arena = arena;
            return false;
        }
        recorder.place.set(sequences.store(0), sequences.position(0));
        MemorySegment arguments = kept.arguments();
        set(arguments, PlayKernel.STEP, kept.first());
        player.call(arguments);
        while (arguments.getAtIndex(ValueLayout.JAVA_LONG, PlayKernel.MISSING / Long.BYTES) != 0) {
            worker.waitForOthers();
            player.call(arguments);
        }
        return true;
    }

    @Override
    public void keep(Worker worker) {
        Recorder recorder = recorders[worker.index()];
        if (recorder.arena != null) {
            steps[slot(worker)] = recorder.steps(worker, arena);
            recorder.arena = null;
        }
    }
}
