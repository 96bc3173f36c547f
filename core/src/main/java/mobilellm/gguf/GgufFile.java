package mobilellm.gguf;

import mobilellm.file.MappedFile;
import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A GGUF file, version 2 or 3, little-endian: metadata (on the heap) and tensors (views of the mapped file).
///
/// The file may come from a stranger. Whatever its bytes, [#open] either gives a file whose every tensor lies inside
/// it, or throws an exception that says what was read, what was expected and where. Heap and time are bounded by the
/// size of the file: each count and length is checked against the bytes that remain before anything is allocated.
/// Stricter than the format, and as strict as ggml: tensor data follow one another in the order of their descriptions,
/// with nothing but alignment between, before and behind them.
///
/// The tensors are valid until [#close], and are not read before they are touched: see [MappedFile].
///
/// Format: docs/gguf.md of the ggml project.
public final class GgufFile implements AutoCloseable {
    private static final String MAGIC = "GGUF";
    private static final String KIND = "a GGUF file";

    private final MappedFile file;
    private final Contents contents;

    private GgufFile(MappedFile file, Contents contents) {
        this.file = file;
        this.contents = contents;
    }

    /// What the bytes of a file say.
    record Contents(int version, Map<String, Object> metadata, Map<String, Tensor> tensors) {}

    /// Maps a file and reads its metadata and tensor descriptions.
    ///
    /// @throws MalformedFileException if it is not a well-formed GGUF file
    /// @throws UnsupportedModelException if it is big-endian, of version 1, or has tensors of a type not supported yet
    /// @throws IOException if it is not there, not a regular file, or cannot be read
    public static GgufFile open(Path path) throws IOException {
        MappedFile file = MappedFile.open(path, KIND);
        try {
            return new GgufFile(file, parse(file.bytes(), path.toString()));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /// Whether the file starts as a GGUF file does, whatever its name.
    public static boolean hasMagic(Path path) throws IOException {
        MappedFile.requireRegular(path, KIND);
        try (var stream = Files.newInputStream(path)) {
            byte[] start = stream.readNBytes(MAGIC.length());
            return new String(start, StandardCharsets.ISO_8859_1).equals(MAGIC);
        }
    }

    /// Parses the bytes of a whole file; `file` names it in messages.
    static Contents parse(MemorySegment bytes, String file) {
        return MappedFile.reading(file, () -> parse(new Cursor(bytes, file)));
    }

    private static Contents parse(Cursor cursor) {
        requireMagic(cursor);
        int version = readVersion(cursor);
        int tensorCount =
                cursor.readCount(
                        "tensor count", Integer.MAX_VALUE, TensorTable.LEAST_DESCRIPTION_BYTES);
        int pairCount =
                cursor.readCount(
                        "metadata count", Integer.MAX_VALUE, MetadataReader.LEAST_PAIR_BYTES);
        MetadataReader reader = new MetadataReader(cursor);
        Map<String, Object> metadata = reader.read(pairCount);
        TensorTable table = new TensorTable(cursor, reader.alignment());
        return new Contents(version, metadata, table.read(tensorCount));
    }

    public int version() {
        return contents.version();
    }

    /// Values by key, in the order of the file. Java types: `String`, `Boolean`, `Float`, `Double`, `List` (of one
    /// element type; may be nested), and for integers the signed type that holds every value of the file's type:
    /// INT8 `Byte`, UINT8 and INT16 `Short`, UINT16 and INT32 `Integer`, UINT32, INT64 and UINT64 `Long`, but
    /// `BigInteger` for UINT64 values from 2^63.
    public Map<String, Object> metadata() {
        return contents.metadata();
    }

    /// Tensors in the order of the file; a matrix has the shape `[rows, columns]`.
    public List<Tensor> tensors() {
        return List.copyOf(contents.tensors().values());
    }

    public Optional<Tensor> tensor(String name) {
        return Optional.ofNullable(contents.tensors().get(name));
    }

    public Path path() {
        return file.path();
    }

    /// Size of the file.
    public long bytes() {
        return file.size();
    }

    /// Unmaps the file; its tensors must not be used any more.
    @Override
    public void close() {
        file.close();
    }

    private static void requireMagic(Cursor cursor) {
        long length = Math.min(MAGIC.length(), cursor.remaining());
        byte[] start = cursor.take(length, "magic").toArray(ValueLayout.JAVA_BYTE);
        String text = new String(start, StandardCharsets.ISO_8859_1);
        if (!text.equals(MAGIC)) {
            throw cursor.malformed(
                    0,
                    "not a GGUF file: it starts with %s, expected '%s'"
                            .formatted(
                                    length == 0 ? "nothing (it is empty)" : Printable.quote(text),
                                    MAGIC));
        }
    }

    private static int readVersion(Cursor cursor) {
        long at = cursor.offset();
        int version = cursor.readInt("version");
        if (version == 2 || version == 3) {
            return version;
        }
        int swapped = Integer.reverseBytes(version);
        if (swapped == 2 || swapped == 3) {
            throw new UnsupportedModelException(
                    cursor.describe(
                            at,
                            "the file is big-endian, only little-endian files are supported;"
                                    + " convert it with gguf-py's gguf-convert-endian"));
        }
        if (version == 1) {
            throw new UnsupportedModelException(
                    cursor.describe(
                            at,
                            "GGUF version 1 (August 2023) is not supported, only 2 and 3; convert"
                                    + " the model again"));
        }
        throw cursor.malformed(
                at, "version is %s, expected 2 or 3".formatted(Integer.toUnsignedString(version)));
    }
}
