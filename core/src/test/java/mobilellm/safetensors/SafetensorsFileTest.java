package mobilellm.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.testing.ExpectedTensors;
import mobilellm.testing.GgufBuilder.Bytes;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

class SafetensorsFileTest {
    @TempDir Path folder;

    @Test
    void readsMetadataAndTensors() throws IOException {
        Path path = folder.resolve("a.safetensors");
        byte[] header =
                """
                {"b": {"dtype": "F32", "shape": [1, 2], "data_offsets": [4, 12]},
                 "a": {"dtype": "I16", "shape": [2], "data_offsets": [0, 4]},
                 "__metadata__": {"format": "pt", "empty": ""}}   \
                """
                        .getBytes(StandardCharsets.UTF_8);
        Files.write(
                path, new Bytes().u64(header.length).raw(header).u32(0x0002_0001).u64(7).toArray());
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.metadata()).containsEntry("format", "pt").containsEntry("empty", "");
            assertThat(file.tensors()).extracting(Tensor::name).containsExactly("a", "b");
            Tensor b = file.tensor("b").orElseThrow();
            assertThat(b.type()).isEqualTo(DType.F32);
            assertThat(b.shape()).isEqualTo(Shape.of(1, 2));
            assertThat(b.data().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
            assertThat(file.tensor("c")).isEmpty();
            assertThat(file.bytes()).isEqualTo(Files.size(path));
            assertThat(file.path()).isEqualTo(path);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain-96x4/safetensors",
                "ls-192x2/safetensors",
                "untied-96x2/safetensors",
                "relu-80x3/safetensors",
                "llama-rope-llama3/hf",
                "llama-all-bias/hf",
                "qwen3-qk-norm/hf",
                "llama4-r1-like/hf"
            })
    void holdsTheTensorsOfTheReference(String model) throws IOException {
        Path path = Shared.path("fixtures/models/" + model + "/model.safetensors");
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            ExpectedTensors.of(model).assertEqual(file.tensors());
        }
    }

    /// A page that is no longer there must not take the JVM with it.
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be cut there")
    void fileCutWhileItIsMapped() throws IOException {
        int count = 1 << 20;
        String header =
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
                        .formatted(count, Float.BYTES * count);
        Path path = folder.resolve("cut.safetensors");
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        byte[] data = new byte[Float.BYTES * count];
        Files.write(path, new Bytes().u64(json.length).raw(json).raw(data).toArray());
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(8192);
            }
            Tensor tensor = file.tensor("w").orElseThrow();
            assertThatThrownBy(() -> Dequantise.toFloat(tensor))
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining("tensor w")
                    .hasMessageContaining("became shorter");
        }
    }

    @Test
    void whatIsNoFileIsRefused() {
        assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("missing")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> SafetensorsFile.open(folder))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("is a directory, expected a safetensors file");
    }
}
