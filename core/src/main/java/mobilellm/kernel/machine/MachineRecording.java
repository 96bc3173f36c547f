package mobilellm.kernel.machine;

import mobilellm.assembler.Routine;
import mobilellm.kernel.Recording;
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
    private static final int STEP = PlayKernel.STEP / Long.BYTES;

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

    /// What a member does while it is recorded.
    static final class Recorder {
        private final Arguments block;
        private final List<long[]> steps = new ArrayList<>();
        private boolean isOn;

        /// @param block the arguments of all calls that may be recorded
        Recorder(Arguments block) {
            this.block = block;
        }

        private void start() {
            stop();
            isOn = true;
        }

        /// Forgets what was not kept.
        void stop() {
            steps.clear();
            isOn = false;
        }

        /// Calls the routine with the arguments.
        void call(Routine routine) {
            routine.call(block.block());
            if (isOn) {
                long[] step = block.numbers();
                step[PlayKernel.ROUTINE / Long.BYTES] = routine.address();
                steps.add(step);
            }
        }

        private Steps steps(Worker worker, Arena arena) {
            var memory = arena.allocate((long) steps.size() * PlayKernel.STEP_BYTES, Simd.BYTES);
            long end = memory.address() + memory.byteSize();
            long at = 0;
            for (long[] step : steps) {
                MemorySegment.copy(step, 0, memory, ValueLayout.JAVA_LONG, at, step.length);
                at += PlayKernel.STEP_BYTES;
            }
            long arrivals = worker.arrivals().address();
            var arguments =
                    new Arguments(arena, PlayKernel.ARGUMENT_BYTES, PlayKernel.ARGUMENT_BYTES)
                            .set(PlayKernel.END, end)
                            .set(PlayKernel.BLOCK, block.address())
                            .set(
                                    PlayKernel.OWN,
                                    arrivals + worker.index() * ThreadTeam.ARRIVAL_BYTES)
                            .set(PlayKernel.ARRIVALS, arrivals)
                            .set(PlayKernel.MEMBERS, worker.count());
            return new Steps(arguments.block(), memory.address());
        }

        void barrier(Worker worker) {
            worker.barrier();
            if (isOn && worker.count() > 1) {
                steps.add(new long[PlayKernel.STEP_BYTES / Long.BYTES]);
            }
        }
    }

    private int place(Worker worker) {
        return worker.count() > 1 || recorders.length == 1 ? worker.index() : recorders.length;
    }

    @Override
    public boolean replay(Worker worker) {
        Steps kept = steps[place(worker)];
        if (kept == null) {
            recorders[worker.index()].start();
            return false;
        }
        MemorySegment arguments = kept.arguments();
        long step = kept.first();
        while (true) {
            arguments.setAtIndex(ValueLayout.JAVA_LONG, STEP, step);
            player.call(arguments);
            step = arguments.getAtIndex(ValueLayout.JAVA_LONG, STEP);
            if (step == 0) {
                return true;
            }
            worker.waitForOthers();
        }
    }

    @Override
    public void keep(Worker worker) {
        Recorder recorder = recorders[worker.index()];
        if (recorder.isOn) {
            steps[place(worker)] = recorder.steps(worker, arena);
            recorder.stop();
        }
    }
}
