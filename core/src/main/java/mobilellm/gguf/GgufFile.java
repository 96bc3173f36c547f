package mobilellm.gguf;

import mobilellm.file.Cursor;
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
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
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
    static final String MAGIC = "GGUF";
    private static final String KIND = "a GGUF file";

    private final List<MappedFile> files;
    private final Contents contents;
    private final Map<String, Object> metadata;

    private GgufFile(List<MappedFile> files, Contents contents) {
        this.files = List.copyOf(files);
        this.contents = contents;
        Map<String, Object> values = new LinkedHashMap<>();
        contents.metadata().forEach((key, value) -> values.put(key, value.value()));
        this.metadata = Collections.unmodifiableMap(values);
    }

    /// What the bytes of a file say.
    record Contents(int version, Map<String, GgufValue> metadata, Map<String, Tensor> tensors) {}

    /// Maps a file and reads its metadata and tensor descriptions. Of a model that was split over several files, any part
    /// opens them all.
    ///
    /// @throws MalformedFileException if it is not a well-formed GGUF file, or the parts of a split model do not belong
    ///     together
    /// @throws UnsupportedModelException if it is big-endian, of version 1, or has tensors of a type that is not supported
    /// @throws IOException if it or a part is not there, not a regular file, or cannot be read
    public static GgufFile open(Path path) throws IOException {
        List<MappedFile> files = new ArrayList<>();
        try {
            Contents opened = map(path, files);
            SplitModel split = SplitModel.of(path, opened);
            if (split.count() == 1) {
                return new GgufFile(files, split.join(List.of(opened)));
            }
            files.removeFirst().close();
            return new GgufFile(files, openParts(split, files));
        } catch (Throwable e) {
            files.forEach(MappedFile::close);
            throw e;
        }
    }

    private static Contents openParts(SplitModel split, List<MappedFile> files) throws IOException {
        List<Contents> parts = new ArrayList<>();
        SplitModel first = split;
        for (int i = 0; i < split.count(); i++) {
            Path path = split.part(i);
            if (!Files.exists(path)) {
                throw new NoSuchFileException(
                        path.toString(),
                        null,
                        "part %d of the %d files of this model is missing"
                                .formatted(i + 1, split.count()));
            }
            Contents part = map(path, files);
            SplitModel place = SplitModel.of(path, part);
            first = i == 0 ? place : first;
            place.requireSameSet(first, i);
            parts.add(part);
            place.requireNothingNew(parts.getFirst().metadata(), part.metadata());
        }
        split.requireSameSet(first, split.index());
        return first.join(parts);
    }

    private static Contents map(Path path, List<MappedFile> files) throws IOException {
        MappedFile file = MappedFile.open(path, KIND);
        files.add(file);
        return parse(file.bytes(), path.toString());
    }

    /// Whether the name of the file is that of a part of a split model other than the first: opening the first one is
    /// enough.
    public static boolean isLaterPart(Path path) {
        return SplitModel.isLaterPart(path);
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
        Map<String, GgufValue> metadata = reader.read(pairCount);
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
        return metadata;
    }

    /// The same with their types in the file: what it takes to write them again.
    public Map<String, GgufValue> typedMetadata() {
        return contents.metadata();
    }

    /// Tensors in the order of the file; a matrix has the shape `[rows, columns]`.
    public List<Tensor> tensors() {
        return List.copyOf(contents.tensors().values());
    }

    public Optional<Tensor> tensor(String name) {
        return Optional.ofNullable(contents.tensors().get(name));
    }

    /// The file; of a split model the first part.
    public Path path() {
        return files.getFirst().path();
    }

    /// Size of the file, or of all parts.
    public long bytes() {
        return files.stream().mapToLong(MappedFile::size).sum();
    }

    /// Refuses a file that is not any more what it was when it was opened. Cut off or overwritten pages do not always
    /// show while they are read.
    ///
    /// @throws MalformedFileException if its size or the time of its last change differ
    public void requireUnchanged() throws IOException {
        for (MappedFile file : files) {
            file.requireUnchanged();
        }
    }

    /// Unmaps the file; its tensors must not be used any more.
    @Override
    public void close() {
        files.forEach(MappedFile::close);
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
