package mobilellm.gguf;

import mobilellm.file.ByteSink;
import mobilellm.file.TensorContents;
import mobilellm.tensor.TensorInfo;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes GGUF files of version 3, little-endian. Metadata and descriptions of the tensors come first; the tensors' bytes
/// are asked for one tensor after the other, so memory does not grow with the model.
///
/// Format: docs/gguf.md of the ggml project.
public final class GgufWriter {
    private static final int VERSION = 3;

    private GgufWriter() {}

    /// Writes a whole file.
    ///
    /// @param metadata values by key, in this order; tensor data are aligned to `general.alignment` if it is there, else
    ///     to 32 bytes
    /// @param tensors what is in the file, in this order
    /// @param contents supplies each tensor's bytes, in the same order
    /// @param to takes the bytes of the file
    /// @throws IllegalArgumentException if this would make no file that [GgufFile] and ggml open: a name that is too
    ///     long or there twice, no dimension or more than four, a type that the format does not have, an alignment that
    ///     is no power of two
    public static void write(
            Map<String, GgufValue> metadata,
            List<TensorInfo> tensors,
            TensorContents contents,
            ByteSink to)
            throws IOException {
        long alignment = alignment(metadata);
        to.write(header(metadata, tensors, alignment));
        for (TensorInfo tensor : tensors) {
            contents.writeExactly(tensor, to);
            to.write(padding(tensor.bytes(), alignment));
        }
    }

    private static long alignment(Map<String, GgufValue> metadata) {
        GgufValue value = metadata.get(MetadataReader.ALIGNMENT_KEY);
        if (value == null) {
            return MetadataReader.USUAL_ALIGNMENT;
        }
        if (value.type() != ValueType.UINT32 || Long.bitCount((Long) value.value()) != 1) {
            throw new IllegalArgumentException(
                    "%s is %s, expected a power of two as UINT32"
                            .formatted(MetadataReader.ALIGNMENT_KEY, value));
        }
        return (Long) value.value();
    }

    private static MemorySegment header(
            Map<String, GgufValue> metadata, List<TensorInfo> tensors, long alignment) {
        GgufBytes bytes = new GgufBytes();
        bytes.ascii(GgufFile.MAGIC);
        bytes.int32(VERSION);
        bytes.int64(tensors.size());
        bytes.int64(metadata.size());
        metadata.forEach(
                (key, value) -> {
                    requireName("key", key, MetadataReader.LONGEST_KEY);
                    bytes.text(key);
                    bytes.value(value);
                });
        Set<String> names = new HashSet<>();
        long offset = 0;
        for (TensorInfo tensor : tensors) {
            require(names.add(tensor.name()), tensor, "the name is there twice");
            describe(tensor, offset, bytes);
            offset += tensor.bytes();
            offset += Math.floorMod(-offset, alignment);
        }
        bytes.padTo(alignment);
        return bytes.toSegment();
    }

    private static void describe(TensorInfo tensor, long offset, GgufBytes bytes) {
        // ggml keeps names in 64 bytes, the last of which is zero.
        requireName("tensor name", tensor.name(), TensorTable.LONGEST_NAME - 1);
        int rank = tensor.shape().rank();
        require(
                rank >= 1
                        && rank <= TensorTable.MOST_DIMENSIONS
                        && !tensor.shape().dimensions().contains(0L),
                tensor,
                "expected 1 to %d dimensions, none of them 0"
                        .formatted(TensorTable.MOST_DIMENSIONS));
        bytes.text(tensor.name());
        bytes.int32(rank);
        tensor.shape().dimensions().reversed().forEach(bytes::int64);
        bytes.int32(TensorType.number(tensor.type()));
        bytes.int64(offset);
    }

    private static MemorySegment padding(long bytes, long alignment) {
        return MemorySegment.ofArray(new byte[Math.toIntExact(Math.floorMod(-bytes, alignment))]);
    }

    private static void requireName(String what, String name, int most) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > most) {
            throw new IllegalArgumentException(
                    "the %s '%s' has %d bytes, expected 1 to %d"
                            .formatted(what, name, length, most));
        }
    }

    private static void require(boolean holds, TensorInfo tensor, String message) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "tensor %s %s: %s".formatted(tensor.name(), tensor.shape(), message));
        }
    }
}
