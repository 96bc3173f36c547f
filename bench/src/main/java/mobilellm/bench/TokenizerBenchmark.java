package mobilellm.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.tokenizer.Tokenizer;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// Megabytes of UTF-8 per second on one thread, over whatever text and model the parameters name:
/// `java -cp ... org.openjdk.jmh.Main TokenizerBenchmark -p model=FILE.gguf -p text=FILE`.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 10, time = 2)
@Fork(1)
public class TokenizerBenchmark {
    @Param("model.gguf")
    public String model = "";

    @Param("text.txt")
    public String text = "";

    @SuppressWarnings("NullAway.Init") // JMH calls open() first
    private Tokenizer tokenizer;

    private String contents = "";
    private int[] ids = {};
    private double megabytes;

    /// What JMH prints beside the invocations per second.
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Amount {
        public double megabytes;
    }

    @Setup
    public void open() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(model))) {
            tokenizer = checkpoint.tokenizer();
        }
        contents = Files.readString(Path.of(text));
        ids = tokenizer.encode(contents, false);
        megabytes = contents.getBytes(UTF_8).length / 1e6;
    }

    @Benchmark
    public int[] encode(Amount amount) {
        amount.megabytes += megabytes;
        return tokenizer.encode(contents, false);
    }

    @Benchmark
    public String decode(Amount amount) {
        amount.megabytes += megabytes;
        return tokenizer.decode(ids, false);
    }
}
