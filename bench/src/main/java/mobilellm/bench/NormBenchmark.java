package mobilellm.bench;

import mobilellm.kernel.Activations;

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

import java.util.concurrent.TimeUnit;

/// RMSNorm over rows of 576.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class NormBenchmark {
    private static final int WIDTH = 576;

    @Param("vector")
    String kernels = "";

    @Param({"1", "64"})
    int batch;

    @SuppressWarnings("NullAway.Init") // JMH calls the set-up before anything else.
    private Kit kit;

    @SuppressWarnings("NullAway.Init")
    private Activations weight;

    @SuppressWarnings("NullAway.Init")
    private Activations rows;

    @SuppressWarnings("NullAway.Init")
    private Activations result;

    @Setup(Level.Trial)
    public void prepare() {
        kit = new Kit(kernels, 1);
        weight = kit.activations(1, WIDTH);
        rows = kit.activations(batch, WIDTH);
        result = kit.activations(batch, WIDTH);
    }

    @Benchmark
    public Activations rmsNorm() {
        kit.run(worker -> kit.operations().rmsNorm(rows, batch, weight, 1e-5, result, worker));
        return result;
    }

    @TearDown
    public void close() {
        kit.close();
    }
}
