package mobilellm.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.file.TensorContents;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.TensorInfo;
import mobilellm.testing.GgufBuilder;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

class GgufWriterTest {
    private static final TensorContents ZEROS =
            (tensor, to) ->
                    to.write(MemorySegment.ofArray(new byte[Math.toIntExact(tensor.bytes())]));

    @TempDir Path folder;

    /// Files that gguf-py wrote: every type of value, nested arrays, empty and NUL-containing texts, alignments 32 and 128.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "quants/files/v3.gguf",
                "quants/files/v3-align128.gguf",
                "quants/files/metadata.gguf",
                "quants/files/no-tensors.gguf",
                "quants/blocks/BF16.gguf",
                "quants/blocks/Q6_K.gguf",
                "quants/blocks/MXFP4.gguf",
                "models/plain-96x4/gguf-f16/model.gguf"
            })
    void copyOfAFileHasTheSameBytes(String name) throws IOException {
        Path path = Shared.path("fixtures/" + name);
        assertThat(copy(path)).isEqualTo(Files.readAllBytes(path));
    }

    @Test
    void copyOfEveryKindOfValueHasTheSameBytes() throws IOException {
        byte[] built = GgufBuilder.everyKindOfValue();
        Path path = Files.write(folder.resolve("every.gguf"), built);
        assertThat(copy(path)).isEqualTo(built);
    }

    @Test
    void tensorsComeInPiecesAndArePadded() throws IOException {
        List<TensorInfo> tensors =
                List.of(
                        new TensorInfo("a", DType.F32, Shape.of(5)),
                        new TensorInfo("b", DType.F16, Shape.of(3, 2)));
        byte[] bytes =
                write(
                        Map.of("general.alignment", GgufValue.uint32(64)),
                        tensors,
                        (tensor, to) -> {
                            for (long i = 0; i < tensor.bytes(); i++) {
                                to.write(MemorySegment.ofArray(new byte[] {(byte) i}));
                            }
                        });
        assertThat(bytes.length % 64).isZero();
        Path path = Files.write(folder.resolve("pieces.gguf"), bytes);
        try (GgufFile file = GgufFile.open(path)) {
            assertThat(file.tensors()).extracting(Tensor::info).isEqualTo(tensors);
            assertThat(file.tensors().getLast().data().toArray(ValueLayout.JAVA_BYTE))
                    .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        }
    }

    @Test
    void refusesContentsOfAnotherSize() {
        List<TensorInfo> tensors = List.of(new TensorInfo("w", DType.F32, Shape.of(5)));
        assertThatThrownBy(() -> write(Map.of(), tensors, (tensor, to) -> {}))
                .hasMessage("tensor w: 20 of its 20 bytes were not written");
        assertThatThrownBy(
                        () ->
                                write(
                                        Map.of(),
                                        tensors,
                                        (tensor, to) ->
                                                to.write(MemorySegment.ofArray(new byte[24]))))
                .hasMessage("tensor w: at least 4 bytes more were written than its 20");
    }

    @Test
    void refusesWhatNoReaderWouldOpen() {
        assertThat(refusal("w".repeat(64), DType.F32, 1)).contains("64 bytes, expected 1 to 63");
        assertThat(refusal("", DType.F32, 1)).contains("0 bytes");
        assertThat(refusal("w", DType.F32)).contains("expected 1 to 4 dimensions");
        assertThat(refusal("w", DType.F32, 1, 1, 1, 1, 1)).contains("expected 1 to 4 dimensions");
        assertThat(refusal("w", DType.F32, 0, 2)).contains("none of them 0");
        assertThat(refusal("w", DType.U64, 2)).contains("no tensors of type U64");
        TensorInfo tensor = new TensorInfo("w", DType.F32, Shape.of(1));
        assertThatThrownBy(() -> write(Map.of(), List.of(tensor, tensor), ZEROS))
                .hasMessage("tensor w [1]: the name is there twice");
        assertThatThrownBy(
                        () ->
                                write(
                                        Map.of("general.alignment", GgufValue.uint32(48)),
                                        List.of(),
                                        ZEROS))
                .hasMessageContaining("expected a power of two as UINT32");
        assertThatThrownBy(() -> new TensorInfo("w", DType.Q8_0, Shape.of(2, 48)))
                .hasMessageContaining("rows of 48 elements are not whole blocks of 32");
    }

    @Test
    void valuesFitTheirTypes() {
        assertThatThrownBy(() -> GgufValue.uint32(-1))
                .hasMessage("Long -1 is no value of type UINT32");
        assertThatThrownBy(() -> new GgufValue(ValueType.UINT8, (short) 256))
                .hasMessageContaining("UINT8");
        assertThatThrownBy(() -> GgufArray.of(ValueType.INT32, List.of(1, 2L)))
                .hasMessage("Long 2 is no value of type INT32");
        assertThatThrownBy(() -> new GgufValue(ValueType.ARRAY, List.of("no type")))
                .hasMessageContaining("ARRAY");
    }

    private static String refusal(String name, DType type, long... shape) {
        TensorInfo tensor = new TensorInfo(name, type, Shape.of(shape));
        try {
            write(Map.of(), List.of(tensor), ZEROS);
        } catch (IllegalArgumentException | IOException e) {
            return String.valueOf(e.getMessage());
        }
        throw new AssertionError("was written: " + tensor);
    }

    private static byte[] copy(Path path) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            return write(
                    file.typedMetadata(),
                    file.tensors().stream().map(Tensor::info).toList(),
                    (tensor, to) -> to.write(file.tensor(tensor.name()).orElseThrow().data()));
        }
    }

    private static byte[] write(
            Map<String, GgufValue> metadata, List<TensorInfo> tensors, TensorContents contents)
            throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        GgufWriter.write(
                metadata,
                tensors,
                contents,
                piece -> out.writeBytes(piece.toArray(ValueLayout.JAVA_BYTE)));
        return out.toByteArray();
    }
}
