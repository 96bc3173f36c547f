package mobilellm.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.testing.ExpectedTensors;
import mobilellm.testing.JsonRow;
import mobilellm.testing.Shared;
import mobilellm.torch.Pickle.Zip;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

class TorchFileTest {
    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain-96x4/bin/pytorch_model.bin",
                "ls-192x2/bin/pytorch_model.bin",
                "untied-96x2/bin-legacy/pytorch_model.bin"
            })
    void holdsTheTensorsOfTheReference(String name) throws IOException {
        try (TorchFile file = TorchFile.open(Shared.path("fixtures/models/" + name))) {
            ExpectedTensors.of(name).assertEqual(file.tensors());
            assertThat(file.tensors())
                    .allMatch(tensor -> tensor.data().isMapped(), "a view of the file");
        }
    }

    /// Every element type, a scalar, an empty tensor, strides, offsets, repetitions, shared storages.
    @ParameterizedTest
    @ValueSource(strings = {"zip.bin", "legacy.bin"})
    void readsEveryKindOfTensor(String name) throws IOException {
        Path folder = Shared.path("fixtures/models/torch-variants");
        String json = Files.readString(folder.resolve("expected.json"));
        List<String> expected = new ArrayList<>();
        for (JsonRow row : JsonRow.parse("{\"tensors\":" + json + "}").rows("tensors")) {
            if (row.has("sha256_dense_le")) {
                List<?> shape =
                        row.list("shape").stream().map(d -> ((Double) d).longValue()).toList();
                expected.add(row.text("name") + " " + shape + " " + row.text("sha256_dense_le"));
            }
        }
        try (TorchFile file = TorchFile.open(folder.resolve(name))) {
            assertThat(
                            file.tensors().stream()
                                    .map(
                                            tensor ->
                                                    tensor.name()
                                                            + " "
                                                            + tensor.shape()
                                                            + " "
                                                            + ExpectedTensors.sha256(
                                                                    bytes(tensor))))
                    .isEqualTo(expected);
            assertThat(file.tensor("bf16").orElseThrow().type()).isEqualTo(DType.BF16);
            assertThat(file.bytes()).isEqualTo(Files.size(file.path()));
        }
    }

    @Test
    void findsTensorsInADictOfADict() throws IOException {
        try (TorchFile file =
                TorchFile.open(Shared.path("fixtures/models/torch-variants/nested.bin"))) {
            assertThat(file.tensors()).extracting(Tensor::name).containsExactly("state_dict.w");
        }
    }

    @Test
    void readsDeflatedEntries() throws IOException {
        byte[] data = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0};
        Path path = folder.resolve("a.bin");
        Files.write(
                path,
                Zip.of(Pickle.good())
                        .with("archive/byteorder", Pickle.bytes("little"))
                        .with("archive/data/0", data)
                        .deflated());
        try (TorchFile file = TorchFile.open(path)) {
            Tensor tensor = file.tensor("w").orElseThrow();
            assertThat(tensor.shape()).isEqualTo(Shape.of(2, 3));
            assertThat(bytes(tensor)).isEqualTo(data);
        }
    }

    /// The newer form: a storage of bytes, and the type beside it.
    @Test
    void readsTensorsOverUntypedStorages() throws IOException {
        String storage =
                Pickle.storage("UntypedStorage", "0", 8).replace("ctorch\n", "ctorch.storage\n");
        String tensor =
                "ctorch._utils\n_rebuild_tensor_v3\n("
                        + storage
                        + Pickle.number(1)
                        + Pickle.tuple(3)
                        + Pickle.tuple(1)
                        + "\u0089Nctorch\nuint16\ntR";
        byte[] data = {1, 0, 2, 0, 3, 0, 4, 0};
        Path path = folder.resolve("a.bin");
        Files.write(
                path,
                Zip.of(Pickle.dict(Pickle.text("w") + tensor))
                        .with("archive/data/0", data)
                        .stored());
        try (TorchFile file = TorchFile.open(path)) {
            Tensor w = file.tensor("w").orElseThrow();
            assertThat(w.type()).isEqualTo(DType.U16);
            assertThat(bytes(w)).containsExactly(2, 0, 3, 0, 4, 0);
        }
    }

    /// A page that is no longer there must not take the JVM with it.
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be cut there")
    void fileCutWhileItIsMapped() throws IOException {
        int count = 1 << 20;
        String reference =
                Pickle.tensor(
                        Pickle.storage("FloatStorage", "0", count),
                        0,
                        Pickle.tuple(count),
                        Pickle.tuple(1));
        Path path = folder.resolve("cut.bin");
        Zip zip = Zip.of(Pickle.dict(Pickle.text("w") + reference));
        Files.write(path, zip.with("archive/data/0", new byte[Float.BYTES * count]).stored());
        try (TorchFile file = TorchFile.open(path)) {
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
        assertThatThrownBy(() -> TorchFile.open(folder))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("is a directory, expected a PyTorch file");
    }

    private static byte[] bytes(Tensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_BYTE);
    }
}
