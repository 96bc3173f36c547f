package mobilellm.bench;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.Checkpoint;
import mobilellm.checkpoint.Linear;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.KvType;
import mobilellm.config.LayerPlan;
import mobilellm.config.LayerSharing;
import mobilellm.config.LayerSharing.Cache;
import mobilellm.config.LayerSharing.Strategy;
import mobilellm.config.ModelConfig;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.ThreadTeam;
import mobilellm.model.Batch;
import mobilellm.model.KvCache;
import mobilellm.model.Transformer;
import mobilellm.model.Weights;
import mobilellm.tensor.Tensor;

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

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What running each block twice costs, in the columns of MobileLLM's table 7 (load, init, execute): a model as it is stored,
/// with its blocks run twice in a row or the stack run twice over, and with twice the blocks as memory of their own.
///
/// The weights were trained for none of these but the first; what a token costs does not depend on that.
@State(Scope.Benchmark)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
public class SharingBenchmark {
    private static final int ALIGNMENT = 64;
    private static final int SEQUENCE = 128;
    private static final int TOKEN = 1;

    /// How the blocks of a file are run.
    public enum Model {
        STORED(Strategy.NONE, Strategy.NONE),
        IMMEDIATE(Strategy.NONE, Strategy.IMMEDIATE),
        REPEAT_ALL_OVER(Strategy.NONE, Strategy.REPEAT_ALL_OVER),
        UNROLLED(Strategy.IMMEDIATE, Strategy.NONE);

        private final Strategy copied;
        private final Strategy run;

        /// @param copied a block has a copy in memory for each of these visits
        /// @param run how the blocks in memory are visited
        Model(Strategy copied, Strategy run) {
            this.copied = copied;
            this.run = run;
        }

        private static LayerSharing twice(Strategy strategy) {
            return strategy == Strategy.NONE
                    ? LayerSharing.NONE
                    : new LayerSharing(strategy, 2, Cache.OWN);
        }
    }

    @Param("model.gguf")
    String file = "";

    @Param Model model = Model.STORED;

    @Param("vector")
    String kernels = "";

    @Param("2")
    int threads;

    @SuppressWarnings("NullAway.Init") // JMH calls the set-up before anything else.
    private ThreadTeam team;

    @SuppressWarnings("NullAway.Init")
    private Loaded loaded;

    @SuppressWarnings("NullAway.Init")
    private Ready ready;

    @Setup(Level.Trial)
    public void prepare() throws IOException {
        team = new ThreadTeam(threads);
        loaded = read();
        ready = new Ready(loaded, kernels, team);
    }

    /// Opens the file, checks it and copies its weights into memory.
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Warmup(iterations = 5)
    @Measurement(iterations = 20)
    public void load() throws IOException {
        read().close();
    }

    /// Packs the weights for the kernels and computes a first token.
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Warmup(iterations = 5)
    @Measurement(iterations = 20)
    public void init() {
        try (Ready other = new Ready(loaded, kernels, team)) {
            other.step();
        }
    }

    /// One token, at positions 0 to 127 in turn.
    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @Warmup(iterations = 5, time = 2)
    @Measurement(iterations = 10, time = 2)
    public void execute() {
        ready.step();
    }

    @TearDown
    public void close() {
        ready.close();
        loaded.close();
        team.close();
    }

    private Loaded read() throws IOException {
        Arena arena = Arena.ofShared();
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(file))) {
            ModelTensors stored = checkpoint.tensors();
            Copier copier = new Copier(arena);
            List<BlockTensors> blocks =
                    LayerPlan.of(stored.blocks().size(), Model.twice(model.copied))
                            .visits()
                            .stream()
                            .map(visit -> copier.block(stored.blocks().get(visit.block())))
                            .toList();
            ModelTensors tensors =
                    new ModelTensors(
                            copier.tensor(stored.embedding()),
                            blocks,
                            copier.tensor(stored.finalNorm()),
                            stored.outputHead().map(copier::tensor));
            return new Loaded(
                    arena,
                    config(checkpoint.config(), blocks.size(), Model.twice(model.run)),
                    tensors);
        }
    }

    private static ModelConfig config(ModelConfig stored, int layers, LayerSharing sharing) {
        return new ModelConfig(
                stored.architecture(),
                layers,
                stored.hiddenSize(),
                stored.attention(),
                stored.feedForward(),
                stored.vocabularySize(),
                stored.contextLength(),
                stored.rmsNormEpsilon(),
                stored.rope(),
                stored.tiedEmbedding(),
                sharing);
    }

    /// Weights in memory.
    private record Loaded(Arena arena, ModelConfig config, ModelTensors tensors)
            implements AutoCloseable {
        @Override
        public void close() {
            arena.close();
        }
    }

    /// Copies weights out of the file, each time to memory of its own.
    private record Copier(Arena arena) {
        Tensor tensor(Tensor tensor) {
            MemorySegment copy = arena.allocate(tensor.data().byteSize(), ALIGNMENT);
            copy.copyFrom(tensor.data());
            return new Tensor(tensor.name(), tensor.type(), tensor.shape(), copy);
        }

        Optional<Tensor> tensor(Optional<Tensor> tensor) {
            return tensor.map(this::tensor);
        }

        Linear linear(Linear linear) {
            return new Linear(tensor(linear.weight()), tensor(linear.bias()));
        }

        BlockTensors block(BlockTensors block) {
            return new BlockTensors(
                    tensor(block.attentionNorm()),
                    linear(block.query()),
                    linear(block.key()),
                    linear(block.value()),
                    tensor(block.queryNorm()),
                    tensor(block.keyNorm()),
                    linear(block.attentionOutput()),
                    tensor(block.feedForwardNorm()),
                    block.gate().map(this::linear),
                    linear(block.up()),
                    linear(block.down()));
        }
    }

    /// A model that can compute.
    private static final class Ready implements AutoCloseable {
        private final Weights weights;
        private final Transformer transformer;
        private final KvCache cache;
        private final Batch batch = new Batch();

        Ready(Loaded loaded, String kernels, ThreadTeam team) {
            weights = Weights.load(loaded.tensors(), Kernels.of(kernels), team);
            transformer = new Transformer(loaded.config(), weights, Kernels.of(kernels), team);
            cache = new KvCache(loaded.config(), SEQUENCE, KvType.F16);
        }

        void step() {
            if (cache.length() == SEQUENCE) {
                cache.truncate(0);
            }
            batch.clear();
            batch.add(cache, TOKEN, true);
            transformer.forward(batch);
        }

        @Override
        public void close() {
            cache.close();
            transformer.close();
            weights.close();
        }
    }
}
