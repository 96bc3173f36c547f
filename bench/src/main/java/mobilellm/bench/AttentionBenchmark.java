package mobilellm.bench;

import mobilellm.kernel.Activations;
import mobilellm.kernel.KeyValueStore;
import mobilellm.kernel.Sequences;
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

import java.util.concurrent.TimeUnit;

/// Attention of one layer of a 135M model: 9 query heads on 3 key/value heads of 64.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class AttentionBenchmark {
    private static final int HEADS = 9;
    private static final int KEY_VALUE_HEADS = 3;
    private static final int HEAD_DIM = 64;

    @Param("vector")
    String kernels = "";

    @Param("1")
    int threads;

    @Param({"F16", "F32"})
    DType cache = DType.F64;

    /// Positions in the cache, the rows' own included.
    @Param({"128", "1024"})
    int positions;

    /// Rows that attend: the last positions.
    @Param({"1", "64"})
    int batch;

    @SuppressWarnings("NullAway.Init") // JMH calls the set-up before anything else.
    private Kit kit;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore store;

    @SuppressWarnings("NullAway.Init")
    private Sequences sequences;

    @SuppressWarnings("NullAway.Init")
    private Activations queries;

    @SuppressWarnings("NullAway.Init")
    private Activations result;

    @Setup(Level.Trial)
    public void prepare() {
        kit = new Kit(kernels, threads);
        store = new KeyValueStore(1, KEY_VALUE_HEADS, HEAD_DIM, positions, cache);
        store.reserve(positions);
        Activations keys = kit.activations(positions, KEY_VALUE_HEADS * HEAD_DIM);
        Activations values = kit.activations(positions, KEY_VALUE_HEADS * HEAD_DIM);
        for (int position = 0; position < positions; position++) {
            store.write(0, position, keys, values, position);
        }
        sequences = new LastPositions(store, positions - batch);
        queries = kit.activations(batch, HEADS * HEAD_DIM);
        result = kit.activations(batch, HEADS * HEAD_DIM);
    }

    @Benchmark
    public Activations attend() {
        kit.run(worker -> kit.operations().attend(queries, sequences, batch, 0, result, worker));
        return result;
    }

    @TearDown
    public void close() {
        store.close();
        kit.close();
    }

    private record LastPositions(KeyValueStore only, int first) implements Sequences {
        @Override
        public KeyValueStore store(int row) {
            return only;
        }

        @Override
        public int position(int row) {
            return first + row;
        }
    }
}
