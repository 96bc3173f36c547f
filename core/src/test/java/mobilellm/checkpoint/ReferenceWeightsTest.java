package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.quant.Dequantise;
import mobilellm.tensor.Tensor;
import mobilellm.testing.ExpectedTensors;
import mobilellm.testing.JsonRow;
import mobilellm.testing.RealModel;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/// All weights of whole models, bit for bit.
class ReferenceWeightsTest {
    /// As they lie in the file: raw bytes and dequantised floats of all 272 tensors.
    @Test
    void realModel() throws IOException {
        List<String> lines = Files.readAllLines(Shared.path("fixtures/smollm2/gguf-tensors.jsonl"));
        try (Checkpoint checkpoint = Checkpoint.open(RealModel.path())) {
            List<Tensor> tensors = checkpoint.storedTensors();
            assertThat(tensors).hasSize(272).hasSameSizeAs(lines);
            for (int i = 0; i < lines.size(); i++) {
                JsonRow expected = JsonRow.parse(lines.get(i));
                Tensor tensor = tensors.get(i);
                assertThat(tensor.name()).isEqualTo(expected.text("name"));
                assertThat(tensor.type().name()).isEqualTo(expected.text("type"));
                assertThat(sha256(tensor.data().asByteBuffer()))
                        .isEqualTo(expected.text("sha256_raw"));
                assertThat(floatHash(tensor))
                        .as(tensor.name())
                        .isEqualTo(expected.text("sha256_f32_le"));
            }
        }
    }

    @Test
    void realModelIsReadyToTalk() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(RealModel.path())) {
            assertThat(checkpoint.config().layers()).isEqualTo(30);
            assertThat(checkpoint.config().rope().theta()).isEqualTo(100_000);
            assertThat(checkpoint.config().parameters()).isEqualTo(134_515_008);
            assertThat(checkpoint.chatTemplate()).get().asString().contains("<|im_start|>");
            assertThat(checkpoint.tokenizer().vocabularySize()).isEqualTo(49_152);
            assertThat(checkpoint.tokenizer().idOf("<|im_end|>")).hasValue(2);
            assertThat(checkpoint.metadata()).hasSize(33);
            assertThat(checkpoint.fileBytes()).isEqualTo(98_362_432);
        }
    }

    /// In the roles that they play: the reference has the order of the rows before any conversion to GGUF.
    @Test
    void tinyModelInHuggingFaceOrder() throws IOException {
        try (Checkpoint checkpoint =
                Checkpoint.open(Shared.path("fixtures/models/plain-96x4/gguf-f16/model.gguf"))) {
            ExpectedTensors.of("plain-96x4/gguf-f16")
                    .assertEqual(Roles.named(checkpoint.tensors(), "mlp"));
            assertThat(checkpoint.tensors().outputHead()).isEmpty();
        }
    }

    private static String floatHash(Tensor tensor) {
        float[] values = Dequantise.toFloat(tensor);
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        MemorySegment.copy(
                values,
                0,
                MemorySegment.ofBuffer(bytes),
                ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
                0,
                values.length);
        return sha256(bytes);
    }

    private static String sha256(ByteBuffer bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
