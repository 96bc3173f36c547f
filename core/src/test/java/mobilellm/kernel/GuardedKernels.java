package mobilellm.kernel;

import mobilellm.config.Rope;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;
import mobilellm.testing.GuardedArena;
import mobilellm.testing.RandomWeights;

import java.util.Random;
import java.util.Set;

/// Runs every operation of some kernels with all they read and write between untouchable pages: `GuardedKernels NAME...`. Prints
/// what it is about to do; reading or writing elsewhere kills the process.
final class GuardedKernels {
    private static final DType[] TYPES = {
        DType.F32,
        DType.F16,
        DType.BF16,
        DType.Q8_0,
        DType.Q4_0,
        DType.Q4_1,
        DType.Q5_1,
        DType.Q4_K,
        DType.Q5_K,
        DType.IQ4_XS,
        DType.Q6_K,
        DType.Q2_K
    };
    private static final int[] BATCHES = {1, 2, 3, 5, 7, 13, 38};
    private static final int MOST_ROWS = 13;

    private final GuardedArena arena;
    private final Operations operations;
    private final ThreadTeam team = new ThreadTeam(1);
    private final Random random = new Random(8);
    private final String title;

    private GuardedKernels(KernelProvider provider, boolean atEnd) {
        arena = new GuardedArena(atEnd);
        operations = provider.open(1, arena);
        title = "%s, guards %s".formatted(provider.name(), atEnd ? "behind" : "before");
    }

    public static void main(String[] names) {
        for (String name : names) {
            for (boolean atEnd : new boolean[] {false, true}) {
                var kernels = new GuardedKernels(Kernels.of(name), atEnd);
                kernels.products();
                kernels.rows();
                kernels.attention();
                kernels.arena.check();
                kernels.arena.close();
                kernels.team.close();
            }
        }
        System.out.println("done");
    }

    private void begin(String what) {
        System.out.println(title + ": " + what);
    }

    private void products() {
        for (DType type : TYPES) {
            for (int rows : new int[] {1, 33, 177}) {
                for (int columns : columns(type)) {
                    products(type, PackedForm.of(type), rows, columns);
                }
            }
        }
        products(DType.F32, PackedForm.W8A8, 33, 80);
    }

    private static int[] columns(DType type) {
        return switch (type.blockSize()) {
            case 1 -> new int[] {1, 33};
            case 32 -> new int[] {32, 96};
            default -> new int[] {256};
        };
    }

    private void products(DType type, PackedForm form, int rows, int columns) {
        Tensor weights = RandomWeights.of(type, rows, columns, 1, random);
        PackedMatrix matrix = PackedMatrix.pack(weights, form, arena, team);
        for (int batch : BATCHES) {
            begin("%s %d x %d, batch of %d".formatted(type, rows, columns, batch));
            Operand operand =
                    operations.operand(
                            arena, new Activations(arena, batch, columns), Set.of(matrix.form()));
            fill(operand.values());
            Activations x = filled(batch, columns);
            Activations norm = filled(1, columns);
            Activations y = new Activations(arena, batch, rows);
            var reduction = new LogitReduction(arena, 1, batch, rows);
            reduction.begin(new int[batch][0]);
            team.run(
                    worker -> {
                        operations.prepare(operand, batch, worker);
                        operations.multiply(matrix, operand, batch, y, false, worker);
                        operations.multiply(matrix, operand, batch, y, true, worker);
                        operations.normalise(x, batch, norm, 1e-5, operand, worker);
                        reduction.reduce(operations, matrix, operand, worker);
                        operations.swiGlu(operand, x, batch, worker);
                        operations.relu(operand, batch, worker);
                    });
        }
        begin("embedding %s %d x %d".formatted(type, rows, columns));
        Activations embedded = new Activations(arena, 1, columns);
        team.run(worker -> operations.embed(matrix, new int[] {rows - 1}, 1, embedded, worker));
    }

    private void rows() {
        for (int width : new int[] {1, 15, 16, 17, 32, 33, 96}) {
            Activations x = filled(3, width);
            Activations other = filled(3, width);
            Activations weight = filled(1, width);
            Activations y = new Activations(arena, 3, width);
            Operand operand = operations.operand(arena, x, Set.of(PackedForm.F32));
            Activations blocks = new Activations(arena, 3, Math.ceilDiv(width, Activations.BLOCK));
            begin("rows of " + width);
            team.run(
                    worker -> {
                        operations.rmsNorm(x, 3, weight, 1e-5, y, worker);
                        operations.swiGlu(operand, other, 3, worker);
                        operations.relu(operand, 3, worker);
                        operations.addBias(y, 3, weight, worker);
                        operations.largestOfBlocks(x, 3, blocks, worker);
                    });
        }
        for (int headDim : new int[] {2, 16, 24, 40, 64}) {
            Activations x = filled(3, 3 * headDim);
            Activations weight = filled(1, headDim);
            RotaryAngles angles = new RotaryAngles(3, headDim, new Rope(10_000));
            begin("heads of " + headDim);
            team.run(
                    worker -> {
                        operations.normaliseHeads(x, 3, 3, weight, 1e-5, worker);
                        operations.rotate(x, 3, angles, 3, worker);
                    });
        }
    }

    private void attention() {
        for (DType type : new DType[] {DType.F32, DType.F16, DType.Q8_0}) {
            int[] widths =
                    type == DType.Q8_0 ? new int[] {32, 64, 96} : new int[] {2, 16, 24, 40, 64};
            for (int headDim : widths) {
                for (int group : new int[] {1, 3, 13}) {
                    attention(type, headDim, group);
                }
            }
        }
    }

    /// The last positions of a page and the first of the next one, in two heads and two slots.
    private void attention(DType type, int headDim, int group) {
        var store = new KeyValueStore(2, 2, headDim, 600, type, arena);
        int positions = KeyValueStore.PAGE + 17;
        store.reserve(positions);
        Activations keys = filled(MOST_ROWS, 2 * headDim);
        Activations values = filled(MOST_ROWS, 2 * headDim);
        Activations queries = filled(MOST_ROWS, 2 * group * headDim);
        Activations y = new Activations(arena, MOST_ROWS, 2 * group * headDim);
        for (int first = 0; first < positions; first += MOST_ROWS) {
            int begin = first;
            int count = Math.min(MOST_ROWS, positions - first);
            Sequences sequences =
                    new Sequences() {
                        @Override
                        public KeyValueStore store(int row) {
                            return store;
                        }

                        @Override
                        public int position(int row) {
                            return begin + row;
                        }
                    };
            begin(
                    "attention in %s, %d heads of %d, positions %d to %d"
                            .formatted(type, 2 * group, headDim, first, first + count));
            team.run(
                    worker -> {
                        for (int slot = 0; slot < 2; slot++) {
                            operations.store(keys, values, sequences, count, slot, worker);
                            operations.attend(queries, sequences, count, slot, y, worker);
                        }
                    });
        }
    }

    private Activations filled(int rows, int columns) {
        Activations x = new Activations(arena, rows, columns);
        fill(x);
        return x;
    }

    private void fill(Activations x) {
        for (int r = 0; r < x.rows(); r++) {
            for (int i = 0; i < x.columns(); i++) {
                x.set(r, i, (float) random.nextGaussian());
            }
        }
    }
}
