package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.config.Rope;
import mobilellm.kernel.ThreadTeam.Worker;
import mobilellm.tensor.DType;
import mobilellm.testing.RandomWeights;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// What was recorded once does, with other numbers, what the operations do.
@Tag("kernels")
class RecordingTest {
    private static final int HIDDEN = 96;
    private static final int INNER = 160;
    private static final int HEADS = 5;
    private static final int HEAD_DIM = INNER / HEADS;
    private static final int SLOTS = 2;
    private static final int POSITIONS = KeyValueStore.PAGE + 80;

    /// As long as a member waits before it goes to sleep, and longer.
    private static final int LATE_SPINS = 20_000;

    /// Two products for one row, and between them heads that are rotated and stored.
    private static final class Stretch implements Sequences, AutoCloseable {
        final Arena arena = Arena.ofShared();
        final ThreadTeam team;
        final Operations operations;
        final Recording recording;
        final Activations x = new Activations(arena, 1, HIDDEN);
        final Activations weight = new Activations(arena, 1, HIDDEN);
        final Activations inner = new Activations(arena, 1, INNER);
        final Activations nothing = new Activations(arena, 1, INNER);
        final Activations result = new Activations(arena, 1, HIDDEN);
        final PackedMatrix up;
        final PackedMatrix down;
        final List<Operand> inputs = new ArrayList<>();
        final List<Operand> inners = new ArrayList<>();
        final RotaryAngles angles = new RotaryAngles(1, HEAD_DIM, new Rope(10_000));
        final KeyValueStore store;
        int position;
        int replays; // of the first member

        Stretch(KernelProvider kernels, int threads) {
            team = new ThreadTeam(threads);
            operations = kernels.open(threads, arena);
            recording = operations.recording(arena);
            store = new KeyValueStore(SLOTS, HEADS, HEAD_DIM, POSITIONS, DType.F16, arena);
            store.reserve(POSITIONS);
            var random = new Random(5);
            var upWeights = RandomWeights.of(DType.Q4_0, INNER, HIDDEN, 1, random);
            var downWeights = RandomWeights.of(DType.Q8_0, HIDDEN, INNER, 1, random);
            up = PackedMatrix.pack(upWeights, arena, team);
            down = PackedMatrix.pack(downWeights, arena, team);
            for (int i = 0; i < HIDDEN; i++) {
                weight.set(0, i, random.nextFloat());
            }
            for (int member = 0; member < threads; member++) {
                var normalised = new Activations(arena, 1, HIDDEN);
                inputs.add(operations.operand(arena, normalised, Set.of(up.form())));
                inners.add(operations.operand(arena, inner.firstRow(), Set.of(down.form())));
            }
        }

        /// @param late a member that the others have to wait for, or none
        float[] run(int seed, boolean recorded, int late) {
            return run(
                    seed,
                    worker -> {
                        for (int i = 0; worker.index() == late && i < LATE_SPINS; i++) {
                            Thread.onSpinWait();
                        }
                        pass(worker, recorded);
                    });
        }

        float[] run(int seed, ThreadTeam.Job job) {
            var random = new Random(seed);
            for (int i = 0; i < HIDDEN; i++) {
                x.set(0, i, random.nextFloat() - 0.5f);
                result.set(0, i, i);
            }
            position = POSITIONS - 1 - 50 * seed; // On either page.
            angles.set(0, position);
            store.write(1, position, nothing, nothing, 0);
            team.run(job);
            float[] values = new float[HIDDEN + 2 * INNER];
            result.read(0, 0, values, 0, HIDDEN);
            for (int i = 0; i < INNER; i++) {
                int head = i / HEAD_DIM;
                values[HIDDEN + i] = store.key(1, head, position, i % HEAD_DIM);
                values[HIDDEN + INNER + i] = store.value(1, head, position, i % HEAD_DIM);
            }
            return values;
        }

        @Override
        public KeyValueStore store(int row) {
            return store;
        }

        @Override
        public int position(int row) {
            return position;
        }

        private void pass(Worker worker, boolean recorded) {
            if (recorded && recording.replay(this, worker)) {
                if (worker.index() == 0) {
                    replays++;
                }
                return;
            }
            Operand input = inputs.get(worker.index());
            Operand middle = inners.get(worker.index());
            operations.normalise(x, 1, weight, 1e-5, input, worker.alone());
            operations.multiply(up, input, 1, inner, false, worker);
            operations.relu(middle, 1, worker);
            operations.barrier(worker);
            operations.rotate(inner, HEADS, angles, 1, worker);
            operations.store(inner, inner, this, 1, 1, worker);
            operations.barrier(worker);
            operations.prepare(middle, 1, worker.alone());
            operations.multiply(down, middle, 1, result, true, worker);
            operations.barrier(worker);
            recording.keep(worker);
        }

        @Override
        public void close() {
            team.close();
            arena.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void replayingGivesTheBitsOfTheOperations(int threads) {
        for (KernelProvider kernels : Kernels.usable()) {
            try (var stretch = new Stretch(kernels, threads)) {
                for (int seed = 0; seed < 6; seed++) {
                    float[] expected = stretch.run(seed, false, -1);
                    assertThat(stretch.run(seed, true, seed - 1))
                            .as("%s, run %d", kernels.name(), seed)
                            .isEqualTo(expected);
                }
                assertThat(stretch.replays).isEqualTo(kernels.name().startsWith("machine") ? 5 : 0);
            }
        }
    }

    @Test
    void whatAMemberDoesAloneIsARecordingOfItsOwn() {
        try (var stretch = new Stretch(Kernels.best(), 2)) {
            for (int seed = 0; seed < 4; seed++) {
                float[] expected = stretch.run(seed, true, -1);
                float[] actual =
                        stretch.run(
                                seed,
                                worker -> {
                                    if (worker.index() == 0) {
                                        stretch.pass(worker.alone(), true);
                                    }
                                });
                assertThat(actual).isEqualTo(expected);
            }
        }
    }

    @Test
    void afterAMemberFailedTheOthersReplayAgain() {
        try (var stretch = new Stretch(Kernels.best(), 2)) {
            float[] expected = stretch.run(1, true, -1);
            assertThatThrownBy(
                            () ->
                                    stretch.team.run(
                                            worker -> {
                                                if (worker.index() == 1) {
                                                    throw new IllegalStateException("as planned");
                                                }
                                                stretch.pass(worker, true);
                                            }))
                    .hasMessage("as planned");
            assertThat(stretch.run(1, true, -1)).isEqualTo(expected);
        }
    }
}
