package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.testing.GgufBuilder;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// A model file that somebody cuts or writes to while it is loaded: an error, neither a dead JVM nor a wrong model.
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be cut there")
class ChangedFileTest {
    private static final int WIDTH = 256;
    private static final int VOCABULARY = 4096;

    @TempDir Path folder;

    /// The pages that the threads of the team pack are gone, all of them or the last ones.
    @ParameterizedTest
    @CsvSource({
        "F16, 1, 4096",
        "F16, 3, 4096",
        "Q8_0, 2, 4096",
        "Q5_0, 2, 4096",
        "Q4_K, 2, 4096",
        "MXFP4, 2, 4096",
        "F16, 1, -8192",
        "F16, 2, -8192",
        "Q4_K, 3, -8192"
    })
    void cutAfterItWasOpened(DType type, int threads, long length) throws IOException {
        Path path = write(type);
        LoadOptions options = LoadOptions.builder().threads(threads).build();
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            cut(path, length > 0 ? length : Files.size(path) + length);
            assertThatThrownBy(
                            () ->
                                    MobileLlm.of(
                                            checkpoint.tensors(),
                                            checkpoint.config(),
                                            checkpoint::tokenizer,
                                            Optional.empty(),
                                            options))
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining("the file became shorter");
        }
        // The same threads go on serving others.
        MobileLlm.load(write(type), options).close();
    }

    /// Less than a page is missing, which reads as zeros.
    @Test
    void changesThatNoPageShows() throws IOException {
        Path path = write(DType.F16);
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            checkpoint.requireUnchanged();
            cut(path, Files.size(path) - 1);
            assertThatThrownBy(checkpoint::requireUnchanged)
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining("model.gguf: the file was changed while it was read")
                    .hasMessageContaining("load it again");
        }
    }

    @Test
    void anotherFileInItsPlaceIsNoChange() throws IOException {
        Path path = write(DType.F16);
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            Files.move(path, folder.resolve("old.gguf"));
            checkpoint.requireUnchanged();
            write(DType.Q8_0);
            checkpoint.requireUnchanged();
        }
    }

    /// One thread loads while another cuts the file to and fro: every load gives a model or says what happened.
    @Test
    void cutWhileItIsLoaded() throws Exception {
        Path path = write(DType.F16);
        byte[] good = Files.readAllBytes(path);
        int refused = 0;
        for (int round = 0; round < 40 && refused < 3; round++) {
            Files.write(path, good);
            int pauses = round * 20_000;
            Thread cutter =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        for (int i = 0; i < pauses; i++) {
                                            Thread.onSpinWait();
                                        }
                                        try {
                                            cut(path, 8192);
                                        } catch (IOException e) {
                                            throw new AssertionError(e);
                                        }
                                    });
            try {
                MobileLlm.load(path).close();
            } catch (MalformedFileException e) {
                refused++;
            }
            cutter.join();
        }
        assertThat(refused).isPositive();
    }

    private static void cut(Path path, long length) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(length);
        }
    }

    /// A model of one block whose weights are all zero.
    private Path write(DType type) throws IOException {
        GgufBuilder file =
                new GgufBuilder()
                        .text("general.architecture", "llama")
                        .uint32("llama.block_count", 1)
                        .uint32("llama.context_length", 64)
                        .uint32("llama.embedding_length", WIDTH)
                        .uint32("llama.feed_forward_length", WIDTH)
                        .uint32("llama.attention.head_count", 4)
                        .float32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        matrix(file, "token_embd.weight", type, VOCABULARY);
        file.tensor("blk.0.attn_norm.weight", DType.F32, new byte[4 * WIDTH], WIDTH);
        for (String name : new String[] {"attn_q", "attn_k", "attn_v", "attn_output"}) {
            matrix(file, "blk.0." + name + ".weight", type, WIDTH);
        }
        file.tensor("blk.0.ffn_norm.weight", DType.F32, new byte[4 * WIDTH], WIDTH);
        file.tensor("output_norm.weight", DType.F32, new byte[4 * WIDTH], WIDTH);
        for (String name : new String[] {"ffn_gate", "ffn_up", "ffn_down"}) {
            matrix(file, "blk.0." + name + ".weight", type, WIDTH);
        }
        return file.write(folder.resolve("model.gguf"));
    }

    private static void matrix(GgufBuilder file, String name, DType type, int rows) {
        file.tensor(name, type, new byte[(int) type.bytes((long) rows * WIDTH)], rows, WIDTH);
    }
}
