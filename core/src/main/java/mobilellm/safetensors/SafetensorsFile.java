package mobilellm.safetensors;

import mobilellm.file.MappedFile;
import mobilellm.file.TensorFile;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A safetensors file: a JSON header (on the heap) and tensors (views of the mapped file).
///
/// The file may come from a stranger. Whatever its bytes, [#open] either gives a file whose every tensor lies inside it,
/// or throws an exception that says what was read, what was expected and where. Heap and time are bounded by the size of
/// the header. The tensors cover the rest of the file exactly: nothing overlaps, and nothing is hidden in holes.
///
/// The tensors are valid until [#close], and are not read before they are touched: see [MappedFile].
///
/// Format: the README of the safetensors project.
public final class SafetensorsFile implements TensorFile {
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// What the reference implementation allows.
    private static final long LONGEST_HEADER = 100_000_000;

    private static final long SMALLEST_HEADER = "{}".length();

    private final MappedFile file;
    private final Contents contents;

    private SafetensorsFile(MappedFile file, Contents contents) {
        this.file = file;
        this.contents = contents;
    }

    /// What the bytes of a file say.
    record Contents(Map<String, String> metadata, Map<String, Tensor> tensors) {}

    /// Maps a file and reads its header.
    ///
    /// @throws MalformedFileException if it is not a well-formed safetensors file
    /// @throws UnsupportedModelException if it has tensors of a type that is not supported
    /// @throws IOException if it is not there, not a regular file, or cannot be read
    public static SafetensorsFile open(Path path) throws IOException {
        MappedFile file = MappedFile.open(path, "a safetensors file");
        try {
            return new SafetensorsFile(file, parse(file.bytes(), path.toString()));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /// Parses the bytes of a whole file; `file` names it in messages.
    static Contents parse(MemorySegment bytes, String file) {
        return MappedFile.reading(
                file,
                () -> {
                    long headerBytes = headerBytes(bytes, file);
                    long start = Long.BYTES + headerBytes;
                    byte[] header =
                            bytes.asSlice(Long.BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
                    return new Header(file, header, bytes.asSlice(start)).read();
                });
    }

    private static long headerBytes(MemorySegment bytes, String file) {
        if (bytes.byteSize() < Long.BYTES + SMALLEST_HEADER) {
            throw new MalformedFileException(
                    "%s: not a safetensors file: it has %d bytes, too few for the length of a header and the header"
                            .formatted(file, bytes.byteSize()));
        }
        long length = bytes.get(LONG, 0);
        long most = Math.min(LONGEST_HEADER, bytes.byteSize() - Long.BYTES);
        if (length < SMALLEST_HEADER || length > most) {
            throw new MalformedFileException(
                    "%s: byte 0: not a safetensors file, or cut off: the header is said to have %s bytes, expected 2 to %d"
                            .formatted(file, Long.toUnsignedString(length), most));
        }
        if (bytes.get(ValueLayout.JAVA_BYTE, Long.BYTES) != '{') {
            throw new MalformedFileException(
                    file + ": byte 8: not a safetensors file: its header does not start with '{'");
        }
        return length;
    }

    /// Texts by key, in the order of the file: the header's `__metadata__`.
    public Map<String, String> metadata() {
        return contents.metadata();
    }

    /// Tensors in the order of their bytes.
    @Override
    public List<Tensor> tensors() {
        return List.copyOf(contents.tensors().values());
    }

    public Optional<Tensor> tensor(String name) {
        return Optional.ofNullable(contents.tensors().get(name));
    }

    public Path path() {
        return file.path();
    }

    @Override
    public long bytes() {
        return file.size();
    }

    @Override
    public void requireUnchanged() throws IOException {
        file.requireUnchanged();
    }

    @Override
    public void close() {
        file.close();
    }
}
