package mobilellm.gguf;

import static mobilellm.gguf.Limits.isAccepted;
import static mobilellm.gguf.Limits.refusal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.quant.Dequantise;
import mobilellm.quant.NonFinite;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.testing.GgufBuilder;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/// A good file, cut, bent and mutated. [Limits] holds every attempt to little heap and time.
class DamagedGgufTest {
    @Test
    void everyTruncationIsRefused() {
        byte[] good = GgufBuilder.everyKindOfValue();
        assertThat(isAccepted(good)).isTrue();
        for (int length = 0; length < good.length; length++) {
            assertThat(refusal(Arrays.copyOf(good, length))).isNotEmpty();
        }
    }

    /// Every bit of every byte, and every byte as 0 and 255. Flips in numbers and names may leave a good file.
    @Test
    void everyFlipIsRefusedOrHarmless() {
        byte[] good = GgufBuilder.everyKindOfValue();
        int refused = 0;
        for (int i = 0; i < good.length; i++) {
            byte before = good[i];
            for (int mask = 1; mask < 256; mask <<= 1) {
                good[i] = (byte) (before ^ mask);
                refused += isAccepted(good) ? 0 : 1;
            }
            good[i] = 0;
            refused += isAccepted(good) ? 0 : 1;
            good[i] = (byte) 255;
            refused += isAccepted(good) ? 0 : 1;
            good[i] = before;
        }
        assertThat(refused).isGreaterThan(good.length);
    }

    /// A page that is no longer there must not take the JVM with it.
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be cut there")
    void fileCutWhileItIsMapped(@TempDir Path folder) throws IOException {
        int columns = 1 << 20;
        Path path = folder.resolve("cut.gguf");
        new GgufBuilder()
                .tensor("f32", DType.F32, new byte[4 * columns], columns)
                .tensor("q8_0", DType.Q8_0, new byte[34 * columns / 32], columns)
                .write(path);
        try (GgufFile file = GgufFile.open(path)) {
            cut(path, 4096);
            for (Tensor tensor : file.tensors()) {
                assertThatThrownBy(() -> Dequantise.toFloat(tensor))
                        .isInstanceOf(MalformedFileException.class)
                        .hasMessageContaining("tensor " + tensor.name())
                        .hasMessageContaining("became shorter");
                assertThatThrownBy(() -> NonFinite.firstBlock(tensor))
                        .isInstanceOf(MalformedFileException.class)
                        .hasMessageContaining("became shorter");
            }
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be cut there")
    void fileCutWhileItIsParsed(@TempDir Path folder) throws IOException {
        GgufBuilder builder = new GgufBuilder();
        for (int i = 0; i < 2000; i++) {
            builder.text("key." + i, "value");
        }
        Path path = builder.write(folder.resolve("cut.gguf"));
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            MemorySegment mapped =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            cut(path, 4096);
            assertThatThrownBy(() -> GgufFile.parse(mapped, "cut.gguf"))
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining("became shorter");
        }
    }

    private static void cut(Path path, long length) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(length);
        }
    }
}
