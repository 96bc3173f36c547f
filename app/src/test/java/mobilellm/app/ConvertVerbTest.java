package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.tensor.DType;
import mobilellm.testing.ChildProcess;
import mobilellm.testing.GgufBuilder;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

class ConvertVerbTest {
    @TempDir Path folder;
    private String model = "";
    private final Shell shell = new Shell();

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
    }

    @Test
    void answersTheKeysThatOthersRelyOn() throws IOException {
        Path out = folder.resolve("out");
        Shell.Result result = shell.run("convert", model, out.toString(), "--json");
        assertThat(result.exitCode()).as(result.error()).isZero();
        Map<String, Object> json = result.json();
        assertThat(json).containsKeys("tensors", "bytes", "sha256", "files");
        assertThat(json.get("tensors")).isEqualTo(2 * 9 + 2);
        assertThat(json.get("bytes")).isEqualTo((int) Files.size(out.resolve("model.safetensors")));
        assertThat(json.get("sha256")).asInstanceOf(InstanceOfAssertFactories.STRING).hasSize(64);
    }

    @Test
    void thereAndBackGivesTheSameAnswers() {
        String directory = folder.resolve("directory").toString();
        String back = folder.resolve("back.gguf").toString();
        assertThat(shell.run("convert", model, directory, "--shards", "2KB").exitCode()).isZero();
        assertThat(shell.run("convert", directory, back).exitCode()).isZero();
        String[] ask = {"logits", model, "--prompt", "Hello", "--kernels", "reference"};
        String expected = shell.run(ask).output();
        for (String other : List.of(directory, back)) {
            ask[1] = other;
            assertThat(shell.run(ask).output()).isEqualTo(expected);
        }
        String[] template = {"template", model, "--messages", messages()};
        String rendered = shell.run(template).output();
        assertThat(rendered).contains("<|im_start|>user");
        for (String other : List.of(directory, back)) {
            template[1] = other;
            assertThat(shell.run(template).output()).isEqualTo(rendered);
        }
    }

    @Test
    void refusesUsageThatMakesNoSense() {
        String out = folder.resolve("out.gguf").toString();
        Shell.Result shards = shell.run("convert", model, out, "--shards", "1GB");
        assertThat(shards.exitCode()).isEqualTo(2);
        assertThat(shards.error()).contains("--shards is for directories");
        Shell.Result type = shell.run("convert", model, out, "--type", "q9");
        assertThat(type.exitCode()).isEqualTo(2);
        assertThat(type.error()).contains("unknown type 'q9'; there are f32, f16, bf16, q8_0");
        Shell.Result there = shell.run("convert", model, folder.resolve("tiny.gguf").toString());
        assertThat(there.exitCode()).isEqualTo(1);
        assertThat(there.error()).contains("is there already; --force replaces it");
        Shell.Result same = shell.run("convert", model, model, "--force");
        assertThat(same.error()).contains("is the file that is read");
    }

    /// A limit on the size of files stands for a full disk; then the same command runs again without it.
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "ulimit is a shell's")
    void fullDiskLeavesNothingAndTheNextRunWorks() throws IOException, InterruptedException {
        String big = bigModel();
        for (String name : List.of("out.gguf", "out")) {
            Process process = start("ulimit -f 2048", big, name);
            assertThat(process.waitFor()).isEqualTo(1);
            assertThat(names()).containsExactly("big.gguf", "tiny.gguf");
            assertThat(start("true", big, name).waitFor()).isZero();
            Files.move(folder.resolve(name), folder.resolveSibling(name + "-" + System.nanoTime()));
        }
    }

    /// The process has started to write when it is interrupted: there is a partial file.
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no signals")
    void interruptLeavesNothingAndTheNextRunWorks() throws IOException, InterruptedException {
        String big = bigModel();
        for (String name : List.of("out.gguf", "out")) {
            Process process = start("true", big, name);
            while (process.isAlive() && names().size() == 2) {
                Thread.onSpinWait();
            }
            ChildProcess.interrupt(process);
            if (process.waitFor() == 130) {
                assertThat(names()).containsExactly("big.gguf", "tiny.gguf");
                assertThat(start("true", big, name).waitFor()).isZero();
            }
            try (Checkpoint checkpoint = Checkpoint.open(folder.resolve(name))) {
                assertThat(checkpoint.config().layers()).isEqualTo(1);
            }
            Files.move(folder.resolve(name), folder.resolveSibling(name + "-" + System.nanoTime()));
        }
    }

    private Process start(String before, String in, String out) throws IOException {
        return ChildProcess.start(
                before, "mobilellm.app.Main", "convert", in, folder.resolve(out).toString());
    }

    /// Enough bytes that a limit of a megabyte or two matters.
    private String bigModel() throws IOException {
        int hidden = 64;
        int vocabulary = 1 << 16;
        GgufBuilder builder =
                new GgufBuilder()
                        .text("general.architecture", "llama")
                        .uint32("llama.block_count", 1)
                        .uint32("llama.context_length", 64)
                        .uint32("llama.embedding_length", hidden)
                        .uint32("llama.feed_forward_length", hidden)
                        .uint32("llama.attention.head_count", 1)
                        .float32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                        .tensor(
                                "token_embd.weight",
                                DType.F32,
                                new byte[4 * vocabulary * hidden],
                                vocabulary,
                                hidden)
                        .tensor("output_norm.weight", DType.F32, new byte[4 * hidden], hidden)
                        .tensor("blk.0.attn_norm.weight", DType.F32, new byte[4 * hidden], hidden)
                        .tensor("blk.0.ffn_norm.weight", DType.F32, new byte[4 * hidden], hidden);
        for (String name :
                List.of(
                        "attn_q",
                        "attn_k",
                        "attn_v",
                        "attn_output",
                        "ffn_gate",
                        "ffn_up",
                        "ffn_down")) {
            builder.tensor(
                    "blk.0." + name + ".weight",
                    DType.F32,
                    new byte[4 * hidden * hidden],
                    hidden,
                    hidden);
        }
        return builder.write(folder.resolve("big.gguf")).toString();
    }

    private String messages() {
        try {
            Path file = folder.resolve("messages.json");
            return Files.writeString(file, "[{\"role\": \"user\", \"content\": \"Hi\"}]")
                    .toString();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
