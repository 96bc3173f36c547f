package mobilellm.bench;

import mobilellm.kernel.Activations;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.Operations;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.ThreadTeam;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/// What every kernel benchmark needs: a provider's operations, a team to run them, and seeded random data.
final class Kit implements AutoCloseable {
    private static final short SMALL_SCALE = Float.floatToFloat16(0.01f);

    private final Arena arena = Arena.ofShared();
    private final SplittableRandom random = new SplittableRandom(2402_14905);
    private final ThreadTeam team;
    private final Operations operations;

    Kit(String kernels, int threads) {
        KernelProvider provider = Kernels.of(kernels);
        team = new ThreadTeam(threads);
        operations = provider.open(threads, arena);
    }

    Arena arena() {
        return arena;
    }

    Operations operations() {
        return operations;
    }

    /// Runs the job on all members of the team.
    void run(ThreadTeam.Job job) {
        team.run(job);
    }

    /// Values between -1 and 1.
    Activations activations(int rows, int columns) {
        var activations = new Activations(arena, rows, columns);
        fill(activations);
        return activations;
    }

    void fill(Activations activations) {
        for (int row = 0; row < activations.rows(); row++) {
            for (int column = 0; column < activations.columns(); column++) {
                activations.set(row, column, (float) (random.nextDouble() * 2 - 1));
            }
        }
    }

    /// A packed matrix of random quants with scales of 0.01, or of random plain numbers.
    PackedMatrix matrix(DType type, int rows, int columns) {
        MemorySegment data = arena.allocate(type.bytes((long) rows * columns), 64);
        for (long at = 0; at < data.byteSize(); at++) {
            data.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
        }
        for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
            switch (type) {
                case Q8_0, Q4_0 -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, SMALL_SCALE);
                case Q4_1 -> {
                    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, SMALL_SCALE);
                    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2, SMALL_SCALE);
                }
                case F16 ->
                        data.set(
                                ValueLayout.JAVA_SHORT_UNALIGNED,
                                at,
                                Float.floatToFloat16(small()));
                case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, small());
                default -> throw new IllegalArgumentException("no benchmark uses " + type);
            }
        }
        return PackedMatrix.pack(
                new Tensor("random", type, Shape.of(rows, columns), data), arena, team);
    }

    private float small() {
        return (float) (random.nextDouble() - 0.5) / 100;
    }

    @Override
    public void close() {
        team.close();
        arena.close();
    }
}
