package mobilellm.bench;

import mobilellm.kernel.Activations;
import mobilellm.kernel.Operand;
import mobilellm.kernel.PackedMatrix;
import mobilellm.tensor.DType;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.util.Set;
import java.util.concurrent.TimeUnit;

/// Matrix products in the shapes of a 135M model: one row of activations as in decoding, 64 as in a prompt. The time covers
/// the preparation of the activations.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class MatrixBenchmark {
    @Param("vector")
    String kernels = "";

    @Param("1")
    int threads;

    @Param({"Q4_1", "Q8_0", "F16"})
    DType type = DType.F32;

    /// Rows x columns of the weights: query, gate, down, output head.
    @Param({"576x576", "1536x576", "576x1536", "49152x576"})
    String weights = "";

    /// Rows of activations.
    @Param({"1", "64"})
    int batch;

    @SuppressWarnings("NullAway.Init") // JMH calls the set-up before anything else.
    private Kit kit;

    @SuppressWarnings("NullAway.Init")
    private PackedMatrix matrix;

    @SuppressWarnings("NullAway.Init")
    private Operand operand;

    @SuppressWarnings("NullAway.Init")
    private Activations result;

    @Setup(Level.Trial)
    public void prepare() {
        kit = new Kit(kernels, threads);
        String[] sides = weights.split("x", 2);
        matrix = kit.matrix(type, Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
        operand =
                kit.operations()
                        .operand(
                                kit.arena(),
                                new Activations(kit.arena(), batch, matrix.columns()),
                                Set.of(matrix.form()));
        kit.fill(operand.values());
        result = kit.activations(batch, matrix.rows());
    }

    @Benchmark
    public Activations multiply() {
        kit.run(
                worker -> {
                    kit.operations().prepare(operand, batch, worker);
                    worker.barrier();
                    kit.operations().multiply(matrix, operand, batch, result, false, worker);
                });
        return result;
    }

    @TearDown
    public void close() {
        kit.close();
    }
}
