package mobilellm.engine;

import mobilellm.file.MappedFile;
import mobilellm.model.KvCache;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/// A saved sequence. All numbers are little-endian:
///
/// | bytes | what |
/// |---|---|
/// | 8 | `MLMSESSN` |
/// | 4 | version, 3 |
/// | 64 | identity of the model, hexadecimal |
/// | 4, n | what else the bits of keys and values depend on: length in bytes, UTF-8 text |
/// | 4 | CRC-32C of the f32 logits after the last id |
/// | 4, 4 n | ids: how many, the ids |
/// | rest | keys and values, as [KvCache#read] gives them |
/// | 4 | CRC-32C of everything before |
///
/// The checksum is there against accidents. Who forges it gets keys and values of his own choice, which do to the model's
/// answers what ids of his own choice would do.
final class SessionFile implements AutoCloseable {
    private static final String MAGIC = "MLMSESSN";
    private static final int VERSION = 3;
    private static final int IDENTITY = 64;
    private static final int CHECKSUM = 4;
    private static final int LONGEST_TEXT = 1000;
    private static final long LARGEST_VIEW = 1 << 30;

    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// What is told about keys and values.
    ///
    /// @param model its identity
    /// @param computation what else their bits depend on
    /// @param logits checksum of the logits after the last id
    record Header(String model, String computation, int logits) {}

    private final MappedFile file;
    private final long end; // where the checksum begins
    private final Header header;
    private final int[] ids;
    private long at;

    private SessionFile(MappedFile file) {
        this.file = file;
        end = file.size() - CHECKSUM;
        if (end < MAGIC.length() || !text(MAGIC.length()).equals(MAGIC)) {
            throw malformed("is no saved session: it does not begin with " + MAGIC);
        }
        checkSum();
        int version = integer();
        if (version != VERSION) {
            throw malformed(
                    "is a saved session of version %d; this program reads version %d"
                            .formatted(version, VERSION));
        }
        String model = text(IDENTITY);
        String computation = text(length("text", 1, LONGEST_TEXT));
        header = new Header(model, computation, integer());
        ids = new int[length("ids", Integer.BYTES, Integer.MAX_VALUE)];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = integer();
        }
    }

    /// Opens a file and checks that it is whole.
    ///
    /// @throws IOException if it cannot be read
    /// @throws MalformedFileException if it is no saved sequence, or not all of one
    static SessionFile open(Path path) throws IOException {
        MappedFile file = MappedFile.open(path, "a saved session");
        try {
            return MappedFile.reading(path.toString(), () -> new SessionFile(file));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /// Writes a file under another name, waits until it is on the disk, and renames it: at any time there is the old one
    /// or the new one, whole. Only the owner may read it.
    static void write(Path path, Header header, int[] ids, KvCache cache) throws IOException {
        byte[] computation = header.computation.getBytes(StandardCharsets.UTF_8);
        ByteBuffer start =
                ByteBuffer.allocate(
                                MAGIC.length()
                                        + IDENTITY
                                        + computation.length
                                        + 4 * (4 + ids.length))
                        .order(ByteOrder.LITTLE_ENDIAN);
        start.put(ascii(MAGIC)).putInt(VERSION).put(ascii(header.model));
        start.putInt(computation.length).put(computation).putInt(header.logits);
        start.putInt(ids.length);
        for (int id : ids) {
            start.putInt(id);
        }
        Path target = path.toAbsolutePath();
        Path folder = target.resolveSibling(".");
        Path temporary = Files.createTempFile(folder, "session-", ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                SummedOutput output = new SummedOutput(channel);
                output.write(start.flip());
                cache.read(piece -> output.write(piece.asByteBuffer()));
                output.finish();
                channel.force(true);
            }
            Files.move(
                    temporary,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    Header header() {
        return header;
    }

    int[] ids() {
        return ids;
    }

    /// Gives an empty cache the keys and values.
    ///
    /// @throws MalformedFileException if they are not as many as the ids need
    void fill(KvCache cache) {
        long expected = cache.bytesToRead(ids.length);
        if (end - at != expected) {
            throw malformed(
                    "has %,d bytes of keys and values, expected %,d for %,d ids"
                            .formatted(end - at, expected, ids.length));
        }
        MappedFile.reading(
                file.path().toString(),
                () -> {
                    cache.fill(ids.length, piece -> piece.copyFrom(take(piece.byteSize())));
                    return cache;
                });
    }

    private void checkSum() {
        CRC32C sum = new CRC32C();
        for (long from = 0; from < end; from += LARGEST_VIEW) {
            long bytes = Math.min(LARGEST_VIEW, end - from);
            sum.update(file.bytes().asSlice(from, bytes).asByteBuffer());
        }
        int stored = file.bytes().get(INT, end);
        if (stored != (int) sum.getValue()) {
            throw malformed(
                    "has the checksum %08x, expected %08x: it is damaged or cut short"
                            .formatted((int) sum.getValue(), stored));
        }
    }

    private MemorySegment take(long bytes) {
        if (bytes > end - at) {
            throw malformed(
                    "ends at byte %,d, where %,d more bytes are expected after byte %,d"
                            .formatted(end, bytes, at));
        }
        MemorySegment taken = file.bytes().asSlice(at, bytes);
        at += bytes;
        return taken;
    }

    private int integer() {
        return take(Integer.BYTES).get(INT, 0);
    }

    /// A number of elements that the rest of the file has room for.
    private int length(String what, int elementBytes, int most) {
        int length = integer();
        if (length < 0 || length > most || length > (end - at) / elementBytes) {
            throw malformed(
                    "promises %d %s at byte %,d, where %,d bytes are left"
                            .formatted(length, what, at, end - at));
        }
        return length;
    }

    private String text(int bytes) {
        byte[] text = take(bytes).toArray(ValueLayout.JAVA_BYTE);
        return new String(text, StandardCharsets.UTF_8);
    }

    private MalformedFileException malformed(String what) {
        return new MalformedFileException(file.path() + " " + what);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        file.close();
    }
}
