package mobilellm.kernel;

import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Another provider's operations, with the time that the first member of the team spends in each of them and what it does there. What it
/// waits between the operations of a pass is [Operation#BARRIERS]. A reading of the clock takes some 20 ns, twice an operation.
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

    /// What the members do in an operation, all together.
    ///
    /// @param modelBytes weights, keys and values that are read, each once
    /// @param activationBytes read and written, other than by products and attention, which read them again and again
    /// @param int8Operations multiplications and additions of small integers
    /// @param floatOperations multiplications and additions of f32 in products and attention
    public record Amounts(
            double modelBytes,
            double activationBytes,
            double int8Operations,
            double floatOperations) {
        static final Amounts NONE = new Amounts(0, 0, 0, 0);

        private static Amounts activations(double bytes) {
            return new Amounts(0, bytes, 0, 0);
        }

        /// `share` of a product of a whole matrix.
        private static Amounts product(PackedMatrix matrix, int rows, double share) {
            double operations = 2.0 * rows * matrix.rows() * matrix.columns() * share;
            boolean int8 = matrix.form().isQuantised();
            return new Amounts(
                    matrix.bytes() * share, 0, int8 ? operations : 0, int8 ? 0 : operations);
        }

        private Amounts plus(Amounts other) {
            return new Amounts(
                    modelBytes + other.modelBytes,
                    activationBytes + other.activationBytes,
                    int8Operations + other.int8Operations,
                    floatOperations + other.floatOperations);
        }
    }

    private final KernelProvider timed;
    private final Map<Operation, LongAdder> nanos = new EnumMap<>(Operation.class);
    private List<Map<Operation, Amounts>> amounts = List.of(); // of each member

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

    /// What was done since [#reset].
    public Amounts amounts(Operation operation) {
        return amounts.stream()
                .map(ofMember -> ofMember.getOrDefault(operation, Amounts.NONE))
                .reduce(Amounts.NONE, Amounts::plus);
    }

    public void reset() {
        nanos.values().forEach(LongAdder::reset);
        amounts.forEach(Map::clear);
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
        amounts =
                Stream.generate(() -> new EnumMap<Operation, Amounts>(Operation.class))
                        .limit(threads)
                        .collect(Collectors.toUnmodifiableList());
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

        /// Elements of the member's rows.
        private static double elements(Activations x, int rows, Worker worker) {
            return (double) x.columns() * (worker.to(rows) - worker.from(rows));
        }

        /// Elements of the member's columns.
        private static double ownColumns(Activations x, int rows, Worker worker) {
            return (double) rows * (worker.to(x.columns()) - worker.from(x.columns()));
        }

        private void stop(Operation operation, long start, Worker worker, Amounts done) {
            if (worker.index() == 0) {
                // Embedding begins a pass; what passed since the one before is nobody's.
                if (operation != Operation.EMBED) {
                    adder(Operation.BARRIERS).add(start - end);
                }
                end = System.nanoTime();
                adder(operation).add(end - start);
            }
            amounts.get(worker.index()).merge(operation, done, Amounts::plus);
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
            stop(
                    Operation.EMBED,
                    start,
                    worker,
                    Amounts.activations(4 * elements(target, rows, worker)));
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
            stop(
                    Operation.RMS_NORM,
                    start,
                    worker,
                    Amounts.activations(8 * elements(x, rows, worker)));
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
            stop(
                    Operation.RMS_NORM,
                    start,
                    worker,
                    Amounts.activations(13 * elements(x, rows, worker)));
        }

        @Override
        public void prepare(Operand operand, int rows, Worker worker) {
            long start = start(worker);
            operations.prepare(operand, rows, worker);
            stop(
                    Operation.PREPARE,
                    start,
                    worker,
                    Amounts.activations(5 * elements(operand.values(), rows, worker)));
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
            stop(
                    Operation.MULTIPLY,
                    start,
                    worker,
                    Amounts.product(
                            matrix,
                            rows,
                            (double) (worker.to(matrix.rows()) - worker.from(matrix.rows()))
                                    / matrix.rows()));
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
            stop(
                    Operation.MULTIPLY,
                    start,
                    worker,
                    Amounts.product(matrix, rows, (double) tile.columns() / matrix.rows()));
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
            stop(Operation.REDUCE_LOGITS, start, worker, Amounts.activations(4.0 * rows * columns));
        }

        @Override
        public void largestOfBlocks(Activations x, int rows, Activations target, Worker worker) {
            long start = start(worker);
            operations.largestOfBlocks(x, rows, target, worker);
            stop(
                    Operation.REDUCE_LOGITS,
                    start,
                    worker,
                    Amounts.activations(4 * ownColumns(x, rows, worker)));
        }

        @Override
        public void addBias(Activations y, int rows, Activations bias, Worker worker) {
            long start = start(worker);
            operations.addBias(y, rows, bias, worker);
            stop(
                    Operation.ADD_BIAS,
                    start,
                    worker,
                    Amounts.activations(8 * ownColumns(y, rows, worker)));
        }

        @Override
        public void swiGlu(Operand gate, Activations up, int rows, Worker worker) {
            long start = start(worker);
            operations.swiGlu(gate, up, rows, worker);
            stop(
                    Operation.ACTIVATE,
                    start,
                    worker,
                    Amounts.activations(13 * ownColumns(up, rows, worker)));
        }

        @Override
        public void relu(Operand x, int rows, Worker worker) {
            long start = start(worker);
            operations.relu(x, rows, worker);
            stop(
                    Operation.ACTIVATE,
                    start,
                    worker,
                    Amounts.activations(9 * ownColumns(x.values(), rows, worker)));
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
            stop(
                    Operation.NORMALISE_HEADS,
                    start,
                    worker,
                    Amounts.activations(8 * elements(x, rows, worker)));
        }

        @Override
        public void rotate(Activations x, int heads, RotaryAngles angles, int rows, Worker worker) {
            long start = start(worker);
            operations.rotate(x, heads, angles, rows, worker);
            stop(
                    Operation.ROTATE,
                    start,
                    worker,
                    Amounts.activations(8 * elements(x, rows, worker)));
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
            stop(
                    Operation.STORE,
                    start,
                    worker,
                    Amounts.activations(12 * elements(keys, rows, worker)));
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
            stop(
                    Operation.ATTEND,
                    start,
                    worker,
                    attention(queries, sequences, rows, worker.count()));
        }

        /// A member's share of attention; keys and values of a sequence are read once for all its rows.
        private static Amounts attention(
                Activations queries, Sequences sequences, int rows, int members) {
            double bytes = 0;
            double positions = 0;
            for (int r = 0; r < rows; r++) {
                KeyValueStore store = sequences.store(r);
                int length = sequences.position(r) + 1;
                positions += length;
                if (r + 1 == rows || sequences.store(r + 1) != store) {
                    bytes +=
                            (double) length
                                    * KeyValueStore.bytesPerPosition(
                                            1, store.heads(), store.headDim(), store.type());
                }
            }
            return new Amounts(bytes / members, 0, 0, 4 * positions * queries.columns() / members);
        }
    }
}
