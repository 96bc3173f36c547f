package mobilellm.safetensors;

import mobilellm.file.ByteSink;
import mobilellm.file.TensorContents;
import mobilellm.tensor.TensorInfo;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes safetensors files: eight bytes with the length of the header, the header as JSON padded with spaces to a multiple
/// of eight, then the tensors' bytes, little-endian, without gaps. They are asked for one tensor after the other, so memory
/// does not grow with the model.
///
/// Format: README of the safetensors project.
public final class SafetensorsWriter {
    private static final int ALIGNMENT = 8;
    private static final String METADATA = "__metadata__";
    private static final JsonFactory FACTORY = new JsonFactory();

    /// What Transformers expects in the metadata of weights.
    public static final Map<String, String> PYTORCH = Map.of("format", "pt");

    private SafetensorsWriter() {}

    /// Writes a whole file.
    ///
    /// @param metadata texts by key; none writes none
    /// @param tensors what is in the file, in this order
    /// @param contents supplies each tensor's bytes, in the same order
    /// @param to takes the bytes of the file
    /// @throws IllegalArgumentException if a name is there twice, or the format does not have the type of a tensor
    public static void write(
            Map<String, String> metadata,
            List<TensorInfo> tensors,
            TensorContents contents,
            ByteSink to)
            throws IOException {
        to.write(MemorySegment.ofArray(header(metadata, tensors)));
        for (TensorInfo tensor : tensors) {
            contents.writeExactly(tensor, to);
        }
    }

    /// All that comes before the tensors' bytes; for the other parameters and errors see [#write].
    public static byte[] header(Map<String, String> metadata, List<TensorInfo> tensors) {
        byte[] json = json(metadata, tensors);
        int length = json.length + Math.floorMod(-json.length, ALIGNMENT);
        ByteBuffer header = ByteBuffer.allocate(Long.BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(length).put(json);
        Arrays.fill(header.array(), header.position(), header.limit(), (byte) ' ');
        return header.array();
    }

    private static byte[] json(Map<String, String> metadata, List<TensorInfo> tensors) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeName(METADATA);
                json.writeStartObject();
                metadata.forEach(json::writeStringProperty);
                json.writeEndObject();
            }
            Set<String> names = new HashSet<>(Set.of(METADATA));
            long offset = 0;
            for (TensorInfo tensor : tensors) {
                if (!names.add(tensor.name())) {
                    throw new IllegalArgumentException(
                            "tensor %s: the name is there twice, or reserved"
                                    .formatted(tensor.name()));
                }
                json.writeName(tensor.name());
                json.writeStartObject();
                json.writeStringProperty("dtype", name(tensor));
                numbers(json, "shape", tensor.shape().dimensions());
                numbers(json, "data_offsets", List.of(offset, offset + tensor.bytes()));
                json.writeEndObject();
                offset += tensor.bytes();
            }
            json.writeEndObject();
        }
        return bytes.toByteArray();
    }

    private static void numbers(JsonGenerator json, String name, List<Long> numbers) {
        json.writeArrayPropertyStart(name);
        numbers.forEach(json::writeNumber);
        json.writeEndArray();
    }

    private static String name(TensorInfo tensor) {
        if (tensor.type().isQuantised()) {
            throw new IllegalArgumentException(
                    "tensor %s: safetensors files have no type %s"
                            .formatted(tensor.name(), tensor.type()));
        }
        return tensor.type().name();
    }
}
