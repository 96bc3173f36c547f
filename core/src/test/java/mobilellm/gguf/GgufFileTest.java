package mobilellm.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.GgufBuilder;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

class GgufFileTest {
    @TempDir Path folder;

    @Test
    void readsEveryTypeOfValue() throws IOException {
        String json = Files.readString(Shared.path("fixtures/quants/metadata.json"));
        List<JsonRow> expected = JsonRow.parse("{\"pairs\":" + json + "}").rows("pairs");
        try (GgufFile file = open("metadata.gguf")) {
            Map<String, Object> metadata = file.metadata();
            assertThat(metadata.keySet())
                    .containsExactlyElementsOf(
                            expected.stream().map(row -> row.text("key")).toList());
            for (JsonRow row : expected) {
                String key = row.text("key");
                assertThat(comparable(metadata.get(key))).as(key).isEqualTo(value(row));
            }
        }
    }

    @Test
    void widensUnsignedValuesSoThatNoneTurnsNegative() throws IOException {
        try (GgufFile file = open("metadata.gguf")) {
            assertThat(file.metadata())
                    .containsEntry("test.u8", (short) 255)
                    .containsEntry("test.i8", (byte) -128)
                    .containsEntry("test.u16", 65_535)
                    .containsEntry("test.i16", Short.MIN_VALUE)
                    .containsEntry("test.u32", 4_294_967_295L)
                    .containsEntry("test.i32", Integer.MIN_VALUE)
                    .containsEntry("test.u64", new BigInteger("18446744073709551615"))
                    .containsEntry("test.i64", Long.MIN_VALUE)
                    .containsEntry("test.f32", 0.1f)
                    .containsEntry("test.f64", 0.1);
        }
    }

    @Test
    void metadataCannotBeChanged() throws IOException {
        try (GgufFile file = open("metadata.gguf")) {
            Map<String, Object> metadata = file.metadata();
            assertThatThrownBy(metadata::clear).isInstanceOf(UnsupportedOperationException.class);
            for (Object value : metadata.values()) {
                if (value instanceof List<?> list) {
                    assertThatThrownBy(list::removeFirst)
                            .isInstanceOf(UnsupportedOperationException.class);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v2.gguf", "v3.gguf", "v3-align128.gguf"})
    void readsTheSameTensorsFromEveryVariant(String name) throws IOException {
        ReferenceTensors expected =
                ReferenceTensors.read(Shared.path("fixtures/quants/files.safetensors"));
        try (GgufFile file = open(name)) {
            assertThat(file.version()).isEqualTo(name.startsWith("v2") ? 2 : 3);
            assertThat(file.tensors())
                    .extracting(Tensor::name)
                    .containsExactly("f32", "f16", "q8_0", "q4_0", "vector");
            for (Tensor tensor : file.tensors()) {
                double[] values = expected.values(tensor.name());
                float[] actual = Dequantise.toFloat(tensor);
                assertThat(actual).hasSameSizeAs(values);
                for (int i = 0; i < values.length; i++) {
                    assertThat((double) actual[i]).isEqualTo(values[i]);
                }
            }
        }
    }

    @Test
    void givesShapesRowsFirst() throws IOException {
        try (GgufFile file = open("v3.gguf")) {
            Tensor matrix = file.tensor("q8_0").orElseThrow();
            assertThat(matrix.type()).isEqualTo(DType.Q8_0);
            assertThat(matrix.shape()).isEqualTo(Shape.of(4, 64));
            assertThat(matrix.data().isReadOnly()).isTrue();
            assertThat(file.tensor("none")).isEmpty();
        }
    }

    @Test
    void readsAFileWithoutTensors() throws IOException {
        try (GgufFile file = open("no-tensors.gguf")) {
            assertThat(file.tensors()).isEmpty();
            assertThat(file.metadata()).containsEntry("general.name", "vocabulary only");
        }
    }

    @Test
    void refusesABigEndianFile() {
        assertThatThrownBy(() -> open("v3-big-endian.gguf"))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("v3-big-endian.gguf: header, byte 4: the file is big-endian");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"IQ1_M", "IQ1_S", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ3_S", "IQ3_XXS", "NVFP4"})
    void saysWhatToDoAboutTypesThatItDoesNotRead(String type) {
        Path path = Shared.path("fixtures/quants/blocks/" + type + ".gguf");
        assertThatThrownBy(() -> GgufFile.open(path))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("tensor 'w'")
                .hasMessageContaining("type " + type + " (number")
                .hasMessageContaining("fetch another quantisation");
    }

    @Test
    void lastTensorMayLackItsPadding() throws IOException {
        Path path =
                new GgufBuilder()
                        .tensor("w", DType.F32, new byte[4], 1)
                        .write(folder.resolve("short.gguf"));
        try (GgufFile file = GgufFile.open(path)) {
            assertThat(file.bytes()).isEqualTo(Files.size(path));
            assertThat(Dequantise.toFloat(file.tensors().getFirst())).containsExactly(0);
        }
    }

    @Test
    void refusesWhatIsNoGgufFile() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.gguf"));
        assertThatThrownBy(() -> GgufFile.open(empty))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("empty.gguf is empty, expected a GGUF file");
        Path zip = Files.write(folder.resolve("zip.gguf"), new byte[] {'P', 'K', 3, 4, 0, 0});
        assertThatThrownBy(() -> GgufFile.open(zip))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("starts with 'PK\\u0003\\u0004', expected 'GGUF'");
    }

    @Test
    void refusesWhatCannotBeRead() throws IOException {
        assertThatThrownBy(() -> GgufFile.open(folder.resolve("absent.gguf")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("absent.gguf");
        assertThatThrownBy(() -> GgufFile.open(folder))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("is a directory, expected a GGUF file");
    }

    @Test
    void refusesAFileThatItMayNotRead() throws IOException {
        Path secret = new GgufBuilder().write(folder.resolve("secret.gguf"));
        boolean readable = !secret.toFile().setReadable(false) || Files.isReadable(secret);
        if (readable) {
            System.out.println("skipped: this user may read every file");
        }
        assumeFalse(readable, "this user may read every file");
        assertThatThrownBy(() -> GgufFile.open(secret)).isInstanceOf(AccessDeniedException.class);
    }

    private static GgufFile open(String name) throws IOException {
        return GgufFile.open(Shared.path("fixtures/quants/files/" + name));
    }

    /// What the JSON says, in the terms of [#comparable]: 64-bit extremes are texts there.
    private static Object value(JsonRow row) {
        Object value = row.values().get("value");
        if (value instanceof String text && row.text("type").endsWith("INT64")) {
            return Double.parseDouble(text);
        }
        if (row.text("type").equals("FLOAT32")) {
            return (double) (float) row.number("value");
        }
        return Objects.requireNonNull(value);
    }

    private static Object comparable(@Nullable Object value) {
        return switch (value) {
            case Number number -> number.doubleValue();
            case List<?> list -> list.stream().map(GgufFileTest::comparable).toList();
            case null -> "missing";
            default -> value;
        };
    }
}
