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
import mobilellm.testing.GgufBuilder.Bytes;

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
import java.util.List;
import java.util.SplittableRandom;

/// A good file, cut, bent and mutated. [Limits] holds every attempt to little heap and time.
class DamagedGgufTest {
    @Test
    void everyTruncationIsRefused() {
        byte[] good = good();
        assertThat(isAccepted(good)).isTrue();
        for (int length = 0; length < good.length; length++) {
            assertThat(refusal(Arrays.copyOf(good, length))).isNotEmpty();
        }
    }

    /// Every bit of every byte, and every byte as 0 and 255. Flips in numbers and names may leave a good file.
    @Test
    void everyFlipIsRefusedOrHarmless() {
        byte[] good = good();
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

    /// Several random changes at once: bytes, interesting 64-bit numbers, parts moved, removed or doubled.
    @Test
    void randomMutationsAreRefusedOrHarmless() {
        long seed = System.nanoTime();
        System.out.println("seed of the random mutations: " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] good = good();
        long end = System.nanoTime() + 3_000_000_000L;
        while (System.nanoTime() < end) {
            byte[] mutant = good.clone();
            for (int changes = random.nextInt(1, 6); changes > 0; changes--) {
                mutant = mutate(mutant, random);
            }
            try {
                isAccepted(mutant);
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", bytes " + Arrays.toString(mutant), e);
            }
        }
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

    private static byte[] mutate(byte[] file, SplittableRandom random) {
        if (file.length < 16) {
            return file;
        }
        int at = random.nextInt(file.length - 8);
        int length = random.nextInt(Math.min(64, file.length - at));
        byte[] tail = Arrays.copyOfRange(file, at + length, file.length);
        byte[] head = Arrays.copyOf(file, at);
        return switch (random.nextInt(5)) {
            case 0 -> {
                file[at] = (byte) random.nextInt();
                yield file;
            }
            case 1 -> {
                long[] interesting = {
                    0,
                    1,
                    2,
                    8,
                    9,
                    255,
                    1 << 26,
                    Integer.MAX_VALUE,
                    1L << 32,
                    1L << 61,
                    Long.MAX_VALUE,
                    Long.MIN_VALUE,
                    -1,
                    file.length
                };
                long value = interesting[random.nextInt(interesting.length)];
                byte[] bytes = new Bytes().u64(value).toArray();
                System.arraycopy(bytes, 0, file, at, random.nextBoolean() ? 8 : 4);
                yield file;
            }
            case 2 -> new Bytes().raw(head).raw(tail).toArray();
            case 3 -> new Bytes().raw(file).raw(tail).toArray();
            default -> {
                byte[] part = Arrays.copyOfRange(file, at, at + length);
                yield new Bytes().raw(head).raw(part).raw(part).raw(tail).toArray();
            }
        };
    }

    /// Every kind of value and tensors of several types, in less than 1 kB; the last tensor needs no padding.
    private static byte[] good() {
        Bytes nested =
                new Bytes()
                        .u32(GgufBuilder.ARRAY)
                        .u64(2)
                        .u32(GgufBuilder.UINT8)
                        .u64(3)
                        .u8(1)
                        .u8(2)
                        .u8(3)
                        .u32(GgufBuilder.STRING)
                        .u64(1)
                        .text("ä");
        byte[] file =
                new GgufBuilder()
                        .uint32("general.alignment", 32)
                        .text("text", "zażółć")
                        .flag("flag", true)
                        .float32("real", 1e-5f)
                        .pair("long", GgufBuilder.UINT64, new Bytes().u64(-1))
                        .texts("texts", List.of("a", "", "日本"))
                        .integers("integers", 1, -2, 3)
                        .pair("nested", GgufBuilder.ARRAY, nested)
                        .tensor("vector", DType.F32, new byte[20], 5)
                        .tensor("matrix", DType.Q8_0, new byte[68], 2, 32)
                        .tensor("last", DType.F16, new byte[64], 2, 4, 4)
                        .build();
        assertThat(file.length).isLessThan(1024);
        return file;
    }
}
