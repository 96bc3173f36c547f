package mobilellm.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.testing.GgufBuilder;
import mobilellm.testing.GgufBuilder.Bytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/// Models in several files: good sets, and sets that do not belong together.
class SplitModelTest {
    private static final int UINT16 = 2;

    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void anyPartOpensAll(int opened) throws IOException {
        long bytes = 0;
        for (int i = 0; i < 3; i++) {
            bytes += Files.size(part(i, 3, 4).write(path(i, 3)));
        }
        try (GgufFile file = GgufFile.open(path(opened, 3))) {
            assertThat(file.tensors()).extracting(Tensor::name).containsExactly("a", "b", "c", "d");
            for (Tensor tensor : file.tensors()) {
                assertThat(Dequantise.toFloat(tensor)).containsOnly(tensor.name().charAt(0));
            }
            assertThat(file.metadata())
                    .containsEntry("general.name", "split")
                    .containsEntry("split.count", 3);
            assertThat(file.path()).isEqualTo(path(0, 3));
            assertThat(file.bytes()).isEqualTo(bytes);
        }
    }

    @Test
    void missingPart() throws IOException {
        part(0, 3, 4).write(path(0, 3));
        part(2, 3, 4).write(path(2, 3));
        for (int opened : new int[] {0, 2}) {
            assertThatThrownBy(() -> GgufFile.open(path(opened, 3)))
                    .isInstanceOf(NoSuchFileException.class)
                    .hasMessageContaining("model-00002-of-00003.gguf")
                    .hasMessageContaining("part 2 of the 3 files of this model is missing");
        }
    }

    @Test
    void nameThatIsNotThatOfThePart() throws IOException {
        for (String name :
                new String[] {"model.gguf", "model-00002-of-00003.gguf", "-00001-of-00003.gguf"}) {
            Path path = part(0, 3, 4).write(folder.resolve(name));
            assertThat(refusal(path))
                    .contains(name + ": key 'split.no' says that this is part 1")
                    .contains("does not end in -00001-of-00003.gguf")
                    .contains("merge");
        }
    }

    @Test
    void partsOfAnotherSet() throws IOException {
        part(0, 2, 3).write(path(0, 2));
        part(1, 2, 4).write(path(1, 2));
        for (int opened = 0; opened < 2; opened++) {
            assertThat(refusal(path(opened, 2)))
                    .contains("model-00002-of-00002.gguf: key 'split.tensors.count' is 4")
                    .contains("expected 3: the file belongs to another set");
        }
        part(1, 2, 4).without("split.tensors.count").write(path(1, 2));
        assertThat(refusal(path(0, 2))).contains("'split.tensors.count' is missing, expected 3");
        part(0, 2, 3).write(path(1, 2));
        assertThat(refusal(path(0, 2))).contains("says that this is part 1");
        part(1, 3, 3).write(path(1, 2));
        assertThat(refusal(path(0, 2))).contains("part 2 of a model in 3 files");
        new GgufBuilder().write(path(1, 2));
        assertThat(refusal(path(0, 2))).contains("'split.no' is 0, expected 1");
    }

    @Test
    void tensorsThatAreMissingOrThereTwice() throws IOException {
        part(0, 2, 5).write(path(0, 2));
        part(1, 2, 5).write(path(1, 2));
        assertThat(refusal(path(0, 2)))
                .contains("'split.tensors.count' is 5, but the parts have 3 tensors");
        tensor(part(1, 2, 5), "a").write(path(1, 2));
        assertThat(refusal(path(0, 2)))
                .contains("model-00002-of-00002.gguf: tensor 'a' is in an earlier part");
    }

    @Test
    void metadataInALaterPart() throws IOException {
        part(0, 2, 3).write(path(0, 2));
        part(1, 2, 3).text("general.name", "split").write(path(1, 2));
        GgufFile.open(path(0, 2)).close();
        part(1, 2, 3).text("general.name", "other").write(path(1, 2));
        assertThat(refusal(path(0, 2))).contains("key 'general.name' is not in the first part");
        part(1, 2, 3).float32("llama.rope.freq_base", 1).write(path(1, 2));
        assertThat(refusal(path(0, 2))).contains("key 'llama.rope.freq_base' is not in the first");
    }

    @Test
    void keysOfTheWrongTypeOrSize() throws IOException {
        Path path = path(0, 2);
        for (long count : new long[] {0, 65_536, -1}) {
            part(0, 2, 3)
                    .pair("split.count", GgufBuilder.UINT64, new Bytes().u64(count))
                    .write(path);
            assertThat(refusal(path)).contains("'split.count' is").contains("from 1 to 65535");
        }
        part(0, 2, 3).float32("split.count", 2).write(path);
        assertThat(refusal(path)).contains("'split.count' is '2.0', expected an integer");
        part(0, 2, 3).text("split.no", "0").write(path);
        assertThat(refusal(path)).contains("'split.no' is '0', expected an integer from 0 to 1");
        part(2, 2, 3).write(path);
        assertThat(refusal(path)).contains("'split.no' is '2', expected an integer from 0 to 1");
    }

    /// Many parts are promised; nothing is done for those that are not there.
    @Test
    void countBeyondTheFiles() throws IOException {
        Path path = part(0, 65_535, 3).write(path(0, 65_535));
        assertThatThrownBy(() -> GgufFile.open(path)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void everyTruncationOfAPartIsRefused() throws IOException {
        part(0, 2, 3).write(path(0, 2));
        byte[] good = part(1, 2, 3).build();
        for (int length = 0; length < good.length; length++) {
            Files.write(path(1, 2), Arrays.copyOf(good, length));
            assertThat(refusal(path(0, 2))).contains("model-00002-of-00002.gguf");
        }
    }

    /// Part 0 has the metadata and tensor a, part 1 b and c, part 2 d.
    private static GgufBuilder part(int index, int count, int tensors) {
        GgufBuilder part =
                new GgufBuilder()
                        .pair("split.no", UINT16, new Bytes().u8(index).u8(0))
                        .pair("split.count", UINT16, new Bytes().u8(count & 255).u8(count >> 8))
                        .pair("split.tensors.count", GgufBuilder.INT32, new Bytes().u32(tensors));
        return switch (index) {
            case 0 -> tensor(part.text("general.name", "split"), "a");
            case 1 -> tensor(tensor(part, "b"), "c");
            default -> tensor(part, "d");
        };
    }

    /// One row of the character code of the name.
    private static GgufBuilder tensor(GgufBuilder part, String name) {
        Bytes row = new Bytes();
        for (int i = 0; i < 5; i++) {
            row.f32(name.charAt(0));
        }
        return part.tensor(name, DType.F32, row.toArray(), 5);
    }

    private Path path(int index, int count) {
        return folder.resolve("model-%05d-of-%05d.gguf".formatted(index + 1, count));
    }

    private static String refusal(Path path) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            throw new AssertionError("accepted " + file.tensors());
        } catch (MalformedFileException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
