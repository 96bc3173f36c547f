package mobilellm.testing;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.quant.Dequantise;
import mobilellm.tensor.Tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What the reference says about the tensors of one of its checkpoints, in whatever layout.
///
/// @param tensors shape and hash by name
public record ExpectedTensors(Map<String, String> tensors) {
    /// Reads them.
    ///
    /// @param layout `NAME/LAYOUT` below `fixtures/models`
    public static ExpectedTensors of(String layout) throws IOException {
        String name = layout.substring(0, layout.indexOf('/'));
        Path path = Shared.path("fixtures/models/" + name + "/tensors.json");
        Map<String, String> tensors = new TreeMap<>();
        JsonRow list = JsonRow.parse("{\"tensors\": " + Files.readString(path) + "}");
        for (JsonRow row : list.rows("tensors")) {
            List<Long> shape =
                    row.list("shape").stream().map(d -> ((Double) d).longValue()).toList();
            tensors.put(row.text("name"), shape + " " + row.text("sha256_f32_le"));
        }
        return new ExpectedTensors(tensors);
    }

    /// The same names, shapes and numbers, all of them.
    public void assertEqual(List<Tensor> actual) {
        Map<String, String> found = new TreeMap<>();
        actual.forEach(
                tensor ->
                        found.put(
                                tensor.name(),
                                tensor.shape() + " " + sha256(Dequantise.toFloat(tensor))));
        assertThat(found).isEqualTo(tensors);
    }

    /// SHA-256 over the little-endian bytes.
    public static String sha256(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return sha256(bytes.array());
    }

    /// SHA-256 in hexadecimal.
    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
