package mobilellm.file;

import mobilellm.tensor.MalformedFileException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A reading position in the bytes of a file. Every read, count and length is checked against the bytes that remain
/// before anything is allocated, and every failure says where it happened and what was being read. Numbers are
/// little-endian.
public final class Cursor {
    /// Bytes that are copied to the heap at once: small reads come from there. They are many, a start-up makes them before
    /// anything is compiled, and reading an array is then a tenth of reading a segment.
    private static final int WINDOW_BYTES = 1 << 16;

    /// Bytes that the strings of an array may have together.
    private static final int MOST_TOGETHER = Integer.MAX_VALUE - 8;

    private final MemorySegment bytes;
    private final String file;
    private long offset;
    private byte[] window = {};
    private long windowStart;
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
        int at = window(1, what);
        return window[at] & 0xff;
    }

    /// An unsigned 16-bit number.
    public int readShort(String what) {
        int at = window(Short.BYTES, what);
        return (window[at] & 0xff) | (window[at + 1] & 0xff) << 8;
    }

    public int readInt(String what) {
        return intAt(window(Integer.BYTES, what));
    }

    public long readLong(String what) {
        int at = window(Long.BYTES, what);
        return (intAt(at) & 0xffff_ffffL) | (long) intAt(at + Integer.BYTES) << 32;
    }

    private int intAt(int at) {
        return (window[at] & 0xff)
                | (window[at + 1] & 0xff) << 8
                | (window[at + 2] & 0xff) << 16
                | window[at + 3] << 24;
    }

    /// Takes the next bytes, no more than a window has.
    ///
    /// @return where they are in the window
    private int window(int length, String what) {
        long at = advance(length, what);
        if (at < windowStart || at + length > windowStart + window.length) {
            int size = (int) Math.min(WINDOW_BYTES, bytes.byteSize() - at);
            if (window.length != size) {
                window = new byte[size];
            }
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, window, 0, size);
            windowStart = at;
        }
        return (int) (at - windowStart);
    }

    /// Copies the next bytes.
    private void copy(byte[] target, int to, int length, String what) {
        if (length <= WINDOW_BYTES) {
            int at = window(length, what);
            System.arraycopy(window, at, target, to, length);
        } else {
            MemorySegment.copy(
                    bytes, ValueLayout.JAVA_BYTE, advance(length, what), target, to, length);
        }
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
        requireRemaining(length, what);
        byte[] utf8 = new byte[length];
        copy(utf8, 0, length, what);
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

    /// So many length-prefixed UTF-8 strings.
    ///
    /// @param count that was checked against the bytes that remain, as [#readCount] does
    public TextList readStrings(int count, String what, int mostBytes) {
        long first = offset;
        byte[] utf8 = new byte[(int) Math.min(WINDOW_BYTES, remaining())];
        int[] starts = new int[count + 1];
        int end = 0;
        int i = 0;
        while (i < count) {
            // Most strings are short and lie in the window. A few ten thousand of them are read
            // before anything is
            // compiled, so their path is one loop without calls.
            int at = (int) Math.min(offset - windowStart, window.length);
            if (at <= window.length - Long.BYTES
                    && (window[at + 4] | window[at + 5] | window[at + 6] | window[at + 7]) == 0) {
                int length =
                        (window[at] & 0xff)
                                | (window[at + 1] & 0xff) << 8
                                | (window[at + 2] & 0xff) << 16
                                | window[at + 3] << 24;
                int room = Math.min(window.length - at - Long.BYTES, utf8.length - end);
                if (length >= 0 && length <= Math.min(room, mostBytes)) {
                    System.arraycopy(window, at + Long.BYTES, utf8, end, length);
                    offset += Long.BYTES + length;
                    end += length;
                    starts[++i] = end;
                    continue;
                }
            }
            int length = readCount("string length", mostBytes, 1);
            if (length > utf8.length - end) {
                if (length > MOST_TOGETHER - end) {
                    throw malformed(
                            first,
                            "the strings of the array have more than %d bytes"
                                    .formatted(MOST_TOGETHER));
                }
                int room = (int) Math.min(MOST_TOGETHER, 2L * (end + length));
                utf8 = Arrays.copyOf(utf8, room);
            }
            copy(utf8, end, length, what);
            end += length;
            starts[++i] = end;
        }
        TextList texts = new TextList(Arrays.copyOf(utf8, end), starts);
        int broken = firstMalformed(texts);
        if (broken >= 0) {
            offset = first + starts[broken] + (long) (broken + 1) * Long.BYTES;
            readText(texts.length(broken), what);
        }
        return texts;
    }

    /// Index of the first string that is not well-formed UTF-8, or -1 (Unicode 16, table 3-7).
    private static int firstMalformed(TextList texts) {
        byte[] utf8 = texts.utf8();
        int at = 0;
        for (int i = 0; i < texts.size(); i++) {
            int end = texts.start(i + 1);
            while (at < end) {
                int lead = utf8[at++];
                if (lead >= 0) {
                    continue;
                }
                int follow = lead < -62 ? 0 : lead < -32 ? 1 : lead < -16 ? 2 : lead < -11 ? 3 : 0;
                if (follow == 0 || follow > end - at) {
                    return i;
                }
                int second = utf8[at] & 0xff;
                int least = lead == -32 ? 0xa0 : lead == -16 ? 0x90 : 0x80;
                int most = lead == -19 ? 0x9f : lead == -12 ? 0x8f : 0xbf;
                if (second < least || second > most) {
                    return i;
                }
                for (int next = at + 1; next < at + follow; next++) {
                    if ((utf8[next] & 0xc0) != 0x80) {
                        return i;
                    }
                }
                at += follow;
            }
        }
        return -1;
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
        requireRemaining(length, what);
        long start = offset;
        offset += length;
        return start;
    }

    private void requireRemaining(long length, String what) {
        if (length < 0 || length > remaining()) {
            throw malformed(
                    offset,
                    "the file ends within the %s: it takes %d bytes, but %d remain"
                            .formatted(what, length, remaining()));
        }
    }
}
