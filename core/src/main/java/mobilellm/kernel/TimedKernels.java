package mobilellm.kernel;

import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/// Another provider's operations, with the time that the first member of the team spends in each of them. What it waits
/// between the operations of a pass is [Operation#BARRIERS]. A reading of the clock takes some 20 ns, twice an operation.
///
/// The times may be read while no pass runs.
public final class TimedKernels implements KernelProvider {
    /// What a pass spends its time on.
    public enum Operation {
        EMBED,
        RMS_NORM,
        PREPARE,
        MULTIPLY,
        REDUCE_LOGITS,
        ADD_BIAS,
        ACTIVATE,
        NORMALISE_HEADS,
        ROTATE,
        STORE,
        ATTEND,
        /// Waiting for the other members.
        BARRIERS
    }

    private final KernelProvider timed;
    private final Map<Operation, LongAdder> nanos = new EnumMap<>(Operation.class);

    /// @param timed whose operations are run
    public TimedKernels(KernelProvider timed) {
        this.timed = timed;
        for (Operation operation : Operation.values()) {
            nanos.put(operation, new LongAdder());
        }
    }

    /// Nanoseconds since [#reset].
    public long nanos(Operation operation) {
        return adder(operation).sum();
    }

    public void reset() {
        nanos.values().forEach(LongAdder::reset);
    }

    private LongAdder adder(Operation operation) {
        return Objects.requireNonNull(nanos.get(operation));
    }

    @Override
    public String name() {
        return timed.name();
    }

    @Override
    public boolean isUsable() {
        return timed.isUsable();
    }

    @Override
    public String why() {
        return timed.why();
    }

    @Override
    public Operations open(int threads, Arena arena) {
        return new Timed(timed.open(threads, arena));
    }

    private final class Timed implements Operations {
        private final Operations operations;
        private long end; // of the operation before

        Timed(Operations operations) {
            this.operations = operations;
        }

        private static long start(Worker worker) {
            return worker.index() == 0 ? System.nanoTime() : 0;
        }

        private void stop(Operation operation, long start, Worker worker) {
            if (worker.index() == 0) {
                // Embedding begins a pass; what passed since the one before is nobody's.
                if (operation != Operation.EMBED) {
                    adder(Operation.BARRIERS).add(start - end);
                }
                end = System.nanoTime();
                adder(operation).add(end - start);
            }
        }

        @Override
        public Operand operand(Arena arena, Activations rows, Set<PackedForm> weights) {
            return operations.operand(arena, rows, weights);
        }

        @Override
        public void embed(
                PackedMatrix embedding, int[] tokens, int rows, Activations target, Worker worker) {
            long start = start(worker);
            operations.embed(embedding, tokens, rows, target, worker);
            stop(Operation.EMBED, start, worker);
        }

        @Override
        public void rmsNorm(
                Activations x,
                int rows,
                Activations weight,
                double epsilon,
                Activations target,
                Worker worker) {
            long start = start(worker);
            operations.rmsNorm(x, rows, weight, epsilon, target, worker);
            stop(Operation.RMS_NORM, start, worker);
        }

        @Override
        public void normalise(
                Activations x,
                int rows,
                Activations weight,
                double epsilon,
                Operand target,
                Worker worker) {
            long start = start(worker);
            operations.normalise(x, rows, weight, epsilon, target, worker);
            stop(Operation.RMS_NORM, start, worker);
        }

        @Override
        public void prepare(Operand operand, int rows, Worker worker) {
            long start = start(worker);
            operations.prepare(operand, rows, worker);
            stop(Operation.PREPARE, start, worker);
        }

        @Override
        public void multiply(
                PackedMatrix matrix,
                Operand x,
                int rows,
                Activations y,
                boolean accumulate,
                Worker worker) {
            long start = start(worker);
            operations.multiply(matrix, x, rows, y, accumulate, worker);
            stop(Operation.MULTIPLY, start, worker);
        }

        @Override
        public void multiplyTile(
                PackedMatrix matrix,
                Operand x,
                int rows,
                int column,
                Activations tile,
                Worker worker) {
            long start = start(worker);
            operations.multiplyTile(matrix, x, rows, column, tile, worker);
            stop(Operation.MULTIPLY, start, worker);
        }

        @Override
        public void addToLogSums(
                Activations tile,
                int rows,
                int columns,
                MemorySegment sums,
                MemorySegment largest,
                Worker worker) {
            long start = start(worker);
            operations.addToLogSums(tile, rows, columns, sums, largest, worker);
            stop(Operation.REDUCE_LOGITS, start, worker);
        }

        @Override
        public void largestOfBlocks(Activations x, int rows, Activations target, Worker worker) {
            long start = start(worker);
            operations.largestOfBlocks(x, rows, target, worker);
            stop(Operation.REDUCE_LOGITS, start, worker);
        }

        @Override
        public void addBias(Activations y, int rows, Activations bias, Worker worker) {
            long start = start(worker);
            operations.addBias(y, rows, bias, worker);
            stop(Operation.ADD_BIAS, start, worker);
        }

        @Override
        public void swiGlu(
                Activations gate, Activations up, int rows, Activations target, Worker worker) {
            long start = start(worker);
            operations.swiGlu(gate, up, rows, target, worker);
            stop(Operation.ACTIVATE, start, worker);
        }

        @Override
        public void relu(Activations x, int rows, Activations target, Worker worker) {
            long start = start(worker);
            operations.relu(x, rows, target, worker);
            stop(Operation.ACTIVATE, start, worker);
        }

        @Override
        public void normaliseHeads(
                Activations x,
                int heads,
                int rows,
                Activations weight,
                double epsilon,
                Worker worker) {
            long start = start(worker);
            operations.normaliseHeads(x, heads, rows, weight, epsilon, worker);
            stop(Operation.NORMALISE_HEADS, start, worker);
        }

        @Override
        public void rotate(Activations x, int heads, RotaryAngles angles, int rows, Worker worker) {
            long start = start(worker);
            operations.rotate(x, heads, angles, rows, worker);
            stop(Operation.ROTATE, start, worker);
        }

        @Override
        public void store(
                Activations keys,
                Activations values,
                Sequences sequences,
                int rows,
                int slot,
                Worker worker) {
            long start = start(worker);
            operations.store(keys, values, sequences, rows, slot, worker);
            stop(Operation.STORE, start, worker);
        }

        @Override
        public void attend(
                Activations queries,
                Sequences sequences,
                int rows,
                int slot,
                Activations target,
                Worker worker) {
            long start = start(worker);
            operations.attend(queries, sequences, rows, slot, target, worker);
            stop(Operation.ATTEND, start, worker);
        }
    }
}
