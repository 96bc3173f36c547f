package mobilellm.file;

import mobilellm.tensor.MalformedFileException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// A reading position in the bytes of a file. Every read, count and length is checked against the bytes that remain
/// before anything is allocated, and every failure says where it happened and what was being read. Numbers are
/// little-endian.
public final class Cursor {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment bytes;
    private final String file;
    private long offset;
    private String context = "header";

    /// At the first byte; `file` names them in messages.
    public Cursor(MemorySegment bytes, String file) {
        this.bytes = bytes;
        this.file = file;
    }

    /// Names what is read from here on, for messages.
    public void enter(String newContext) {
        context = newContext;
    }

    public long offset() {
        return offset;
    }

    public long remaining() {
        return bytes.byteSize() - offset;
    }

    /// An unsigned byte.
    public int readByte(String what) {
        return bytes.get(ValueLayout.JAVA_BYTE, advance(1, what)) & 0xff;
    }

    /// An unsigned 16-bit number.
    public int readShort(String what) {
        return bytes.get(SHORT, advance(Short.BYTES, what)) & 0xffff;
    }

    public int readInt(String what) {
        return bytes.get(INT, advance(Integer.BYTES, what));
    }

    public long readLong(String what) {
        return bytes.get(LONG, advance(Long.BYTES, what));
    }

    /// An unsigned 64-bit count of things that take at least `leastBytes` each.
    public int readCount(String what, int most, int leastBytes) {
        long at = offset;
        long count = readLong(what);
        if (count < 0 || count > most) {
            throw malformed(
                    at, "%s is %s, at most %d".formatted(what, Long.toUnsignedString(count), most));
        }
        if (count > remaining() / leastBytes) {
            throw malformed(
                    at,
                    "%s is %d, which takes at least %d bytes, but %d remain"
                            .formatted(what, count, count * leastBytes, remaining()));
        }
        return (int) count;
    }

    /// A length-prefixed UTF-8 string.
    public String readString(String what, int mostBytes) {
        return readText(readCount("string length", mostBytes, 1), what);
    }

    /// A UTF-8 string of so many bytes.
    public String readText(int length, String what) {
        long at = offset;
        byte[] utf8 = take(length, what).toArray(ValueLayout.JAVA_BYTE);
        String text = new String(utf8, StandardCharsets.UTF_8);
        // Bytes that are no UTF-8 became U+FFFD; the strict decoder tells them from a U+FFFD in the
        // file.
        if (text.indexOf('\uFFFD') >= 0) {
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
            } catch (CharacterCodingException e) {
                throw malformed(at, "%s %s is not UTF-8".formatted(what, Printable.quote(text)));
            }
        }
        return text;
    }

    /// The next `length` bytes, not copied.
    public MemorySegment take(long length, String what) {
        return bytes.asSlice(advance(length, what), length);
    }

    /// Moves to the next multiple of `alignment`, or to the end: files may end without the padding of their last tensor.
    public void align(long alignment) {
        offset += Math.min(Math.floorMod(-offset, alignment), remaining());
    }

    public MalformedFileException malformed(long at, String message) {
        return new MalformedFileException(describe(at, message));
    }

    /// A message with its place before it: file, what is being read, offset.
    public String describe(long at, String message) {
        return "%s: %s, byte %d: %s".formatted(file, context, at, message);
    }

    private long advance(long length, String what) {
        if (length < 0 || length > remaining()) {
            throw malformed(
                    offset,
                    "the file ends within the %s: it takes %d bytes, but %d remain"
                            .formatted(what, length, remaining()));
        }
        long start = offset;
        offset += length;
        return start;
    }
}
