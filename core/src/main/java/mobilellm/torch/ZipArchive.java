package mobilellm.torch;

import mobilellm.file.Cursor;
import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// A zip archive in memory, read through its central directory: PyTorch writes sizes behind the data, where a reader of
/// local headers cannot know them yet. Entries may not overlap, and their names stay below one folder.
///
/// Format: PKWARE's APPNOTE.TXT 6.3, with Zip64.
final class ZipArchive {
    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
    private static final int ZIP64_LOCATOR_BYTES = 20;
    private static final int ZIP64_END_SIGNATURE = 0x06064b50;
    private static final int CENTRAL_SIGNATURE = 0x02014b50;
    private static final int CENTRAL_BYTES = 46;
    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int LOCAL_BYTES = 30;
    private static final int ZIP64_EXTRA = 1;
    private static final int ENCRYPTED = 1;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;
    private static final int LONGEST_COMMENT = 0xffff;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long UNSIGNED_INT = 0xffff_ffffL;

    private final MemorySegment file;
    private final String name;
    private final Allowance allowance;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /// @param data the entry's bytes as they lie in the file
    private record Entry(int method, int crc, long size, long header, MemorySegment data) {}

    /// Reads the central directory.
    ///
    /// @param name of the file, for messages
    /// @param allowance pays for what is inflated
    ZipArchive(MemorySegment file, String name, Allowance allowance) {
        this.file = file;
        this.name = name;
        this.allowance = allowance;
        readDirectory();
    }

    /// Names of the entries, in the order of the directory.
    Iterable<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    boolean contains(String entryName) {
        return entries.containsKey(entryName);
    }

    /// The bytes of an entry: a view of the file where they are stored, a copy where they are deflated.
    Optional<MemorySegment> bytes(String entryName) {
        return Optional.ofNullable(entries.get(entryName))
                .map(entry -> entry.method() == STORED ? entry.data() : inflate(entryName, entry));
    }

    private void readDirectory() {
        long end = endOfDirectory();
        Cursor cursor = at(end, "end of the central directory");
        cursor.readInt("signature");
        int disks = cursor.readShort("disk") | cursor.readShort("disk of the directory");
        int here = cursor.readShort("number of entries on this disk");
        long count = cursor.readShort("number of entries");
        long size = cursor.readInt("size of the directory") & UNSIGNED_INT;
        long start = cursor.readInt("offset of the directory") & UNSIGNED_INT;
        long directoryEnd = end;
        if (disks == 0xffff
                || count == 0xffff
                || size == UNSIGNED_INT
                || start == UNSIGNED_INT
                || hasLocator(end)) {
            directoryEnd = zip64End(end);
            Cursor wide = at(directoryEnd + 32, "Zip64 end of the central directory");
            count = wide.readLong("number of entries");
            size = wide.readLong("size of the directory");
            start = wide.readLong("offset of the directory");
        } else if (disks != 0 || here != count) {
            throw cursor.malformed(end, "the archive is split over several files");
        }
        if (start < 0 || size < 0 || start > directoryEnd || size != directoryEnd - start) {
            throw cursor.malformed(
                    end,
                    "the directory is said to be %d bytes at %d, but it has to end at %d"
                            .formatted(size, start, directoryEnd));
        }
        if (count < 0 || count > size / CENTRAL_BYTES) {
            throw cursor.malformed(end, "%d entries do not fit in %d bytes".formatted(count, size));
        }
        Cursor directory = new Cursor(file.asSlice(0, directoryEnd), name);
        directory.enter("central directory");
        directory.take(start, "entries");
        for (long i = 0; i < count; i++) {
            readEntry(directory, start);
        }
        if (directory.remaining() > 0) {
            throw directory.malformed(
                    directory.offset(),
                    "%d bytes follow the last entry".formatted(directory.remaining()));
        }
        requireApart(start);
    }

    private long endOfDirectory() {
        long last = file.byteSize() - END_BYTES;
        for (long at = last; at >= 0 && at >= last - LONGEST_COMMENT; at--) {
            if (intAt(at) == END_SIGNATURE && shortAt(at + 20) == last - at) {
                return at;
            }
        }
        throw new MalformedFileException(
                name
                        + ": the zip archive has no central directory at its end; the file is cut"
                        + " off or damaged");
    }

    private boolean hasLocator(long end) {
        return end >= ZIP64_LOCATOR_BYTES
                && intAt(end - ZIP64_LOCATOR_BYTES) == ZIP64_LOCATOR_SIGNATURE;
    }

    private long zip64End(long end) {
        if (!hasLocator(end)) {
            throw at(end, "end of the central directory")
                    .malformed(end, "there should be a Zip64 locator before it");
        }
        long locator = end - ZIP64_LOCATOR_BYTES;
        Cursor cursor = at(locator + 8, "Zip64 locator");
        long start = cursor.readLong("offset of the Zip64 end of the central directory");
        // Fixed part: 56 bytes; an extensible part, which nobody writes, would lie between.
        if (start != locator - 56 || intAt(start) != ZIP64_END_SIGNATURE) {
            throw cursor.malformed(
                    locator,
                    "the Zip64 end of the central directory is said to be at %d, expected %d"
                            .formatted(start, locator - 56));
        }
        return start;
    }

    private void readEntry(Cursor cursor, long directoryStart) {
        long at = cursor.offset();
        if (cursor.readInt("signature") != CENTRAL_SIGNATURE) {
            throw cursor.malformed(at, "expected the signature of an entry");
        }
        cursor.take(4, "versions");
        int flags = cursor.readShort("flags");
        int method = cursor.readShort("method");
        cursor.take(4, "time");
        int crc = cursor.readInt("CRC");
        long compressed = cursor.readInt("compressed size") & UNSIGNED_INT;
        long size = cursor.readInt("size") & UNSIGNED_INT;
        int nameLength = cursor.readShort("length of the name");
        int extraLength = cursor.readShort("length of the extra fields");
        int commentLength = cursor.readShort("length of the comment");
        cursor.take(8, "attributes");
        long header = cursor.readInt("offset of the local header") & UNSIGNED_INT;
        String entryName = cursor.readText(nameLength, "name");
        Cursor extra = new Cursor(cursor.take(extraLength, "extra fields"), name);
        cursor.take(commentLength, "comment");

        extra.enter("extra fields of " + Printable.quote(entryName));
        while (extra.remaining() >= 4) {
            int id = extra.readShort("id");
            Cursor field = new Cursor(extra.take(extra.readShort("length"), "field"), name);
            if (id == ZIP64_EXTRA) {
                field.enter("Zip64 sizes of " + Printable.quote(entryName));
                size = size == UNSIGNED_INT ? field.readLong("size") : size;
                compressed =
                        compressed == UNSIGNED_INT ? field.readLong("compressed size") : compressed;
                header = header == UNSIGNED_INT ? field.readLong("offset") : header;
            }
        }
        requireName(cursor, at, entryName);
        if ((flags & ENCRYPTED) != 0 || (method != STORED && method != DEFLATED)) {
            throw new UnsupportedModelException(
                    cursor.describe(
                            at,
                            "entry %s is encrypted or compressed by method %d; supported are stored and deflated"
                                    .formatted(Printable.quote(entryName), method)));
        }
        if (size < 0 || (method == STORED && size != compressed)) {
            throw cursor.malformed(
                    at,
                    "entry %s is stored in %d bytes, but has %d"
                            .formatted(Printable.quote(entryName), compressed, size));
        }
        MemorySegment data = data(entryName, header, compressed, directoryStart, method);
        if (entries.putIfAbsent(entryName, new Entry(method, crc, size, header, data)) != null) {
            throw cursor.malformed(
                    at, "entry %s is there twice".formatted(Printable.quote(entryName)));
        }
    }

    /// Nothing is ever unpacked to a disk, but a name that would leave its folder there is a trick.
    private static void requireName(Cursor cursor, long at, String entryName) {
        boolean odd =
                entryName.isEmpty()
                        || entryName.startsWith("/")
                        || entryName.contains("\\")
                        || entryName.contains(":")
                        || List.of(entryName.split("/", -1)).contains("..")
                        || entryName.codePoints().anyMatch(Printable::isControl);
        if (odd) {
            throw cursor.malformed(
                    at,
                    "the name %s is empty, leaves its folder or has control characters"
                            .formatted(Printable.quote(entryName)));
        }
    }

    private MemorySegment data(
            String entryName, long header, long compressed, long limit, int method) {
        Cursor cursor = new Cursor(file.asSlice(0, limit), name);
        cursor.enter("entry " + Printable.quote(entryName));
        if (header < 0 || header > limit - LOCAL_BYTES || compressed < 0) {
            throw cursor.malformed(
                    Math.max(0, header), "its local header lies outside the data of the archive");
        }
        cursor.take(header, "offset");
        if (cursor.readInt("signature") != LOCAL_SIGNATURE) {
            throw cursor.malformed(header, "expected the signature of a local header");
        }
        cursor.take(4, "version and flags");
        int localMethod = cursor.readShort("method");
        cursor.take(16, "time, CRC and sizes");
        int nameLength = cursor.readShort("length of the name");
        int extraLength = cursor.readShort("length of the extra fields");
        String localName = cursor.readText(nameLength, "name");
        if (localMethod != method || !localName.equals(entryName)) {
            throw cursor.malformed(
                    header,
                    "its local header is that of %s, method %d"
                            .formatted(Printable.quote(localName), localMethod));
        }
        cursor.take(extraLength, "extra fields");
        return cursor.take(compressed, "data");
    }

    /// Overlapping entries are how a small archive turns into a large one.
    private void requireApart(long directoryStart) {
        List<Map.Entry<String, Entry>> sorted = new ArrayList<>(entries.entrySet());
        sorted.sort(Comparator.comparingLong(entry -> entry.getValue().header()));
        long position = 0;
        for (Map.Entry<String, Entry> entry : sorted) {
            if (entry.getValue().header() < position) {
                throw new MalformedFileException(
                        "%s: entry %s, byte %d: overlaps the entry before it, which ends at %d"
                                .formatted(
                                        name,
                                        Printable.quote(entry.getKey()),
                                        entry.getValue().header(),
                                        position));
            }
            MemorySegment data = entry.getValue().data();
            position = data.address() - file.address() + data.byteSize();
        }
        if (position > directoryStart) {
            throw new MalformedFileException(name + ": entries overlap the central directory");
        }
    }

    private MemorySegment inflate(String entryName, Entry entry) {
        String what = "entry " + Printable.quote(entryName);
        if (entry.data().byteSize() > Integer.MAX_VALUE) {
            throw new UnsupportedModelException(
                    "%s: %s is deflated and has more than 2 GiB".formatted(name, what));
        }
        MemorySegment target = allowance.allocate(entry.size(), what);
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(entry.data().asByteBuffer());
            byte[] chunk = new byte[1 << 16];
            CRC32 crc = new CRC32();
            long written = 0;
            while (!inflater.finished()) {
                int count = inflater.inflate(chunk);
                if (count > entry.size() - written || (count == 0 && !inflater.finished())) {
                    throw new DataFormatException(
                            "it does not inflate to the %d bytes that it should have"
                                    .formatted(entry.size()));
                }
                MemorySegment.copy(chunk, 0, target, ValueLayout.JAVA_BYTE, written, count);
                crc.update(chunk, 0, count);
                written += count;
            }
            if (written != entry.size() || (int) crc.getValue() != entry.crc()) {
                throw new DataFormatException("its size or its checksum is not what it should be");
            }
            return target;
        } catch (DataFormatException e) {
            throw new MalformedFileException(
                    "%s: %s: %s".formatted(name, what, String.valueOf(e.getMessage())), e);
        } finally {
            inflater.end();
        }
    }

    private Cursor at(long offset, String what) {
        Cursor cursor = new Cursor(file, name);
        cursor.enter(what);
        cursor.take(offset, what);
        return cursor;
    }

    private int intAt(long offset) {
        return file.get(INT, offset);
    }

    private int shortAt(long offset) {
        return file.get(SHORT, offset) & 0xffff;
    }
}
