package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.Arrays;

/// SentencePiece's `precompiled_charsmap`: which bytes of a text are replaced by which others. Four bytes give the size
/// of a double array in the layout of darts-clone, which holds the texts to replace; behind it lie the replacements, each
/// ended by a zero byte. Everything is little-endian.
///
/// A unit of the array: bits 0-7 the byte that leads to it, bit 8 whether a text ends here, bits 10-30 the distance to
/// its children, times 256 if bit 9 is set; a unit with bit 31 holds in the others where the replacement begins.
final class CharacterMap {
    /// Unicode's own longest, of NFKC, has 33 bytes.
    static final int LONGEST_REPLACEMENT = 64;

    private final IntBuffer units;
    private final byte[] replacements;

    /// @throws MalformedFileException if a size does not fit
    CharacterMap(byte[] source) {
        ByteBuffer bytes = ByteBuffer.wrap(source).order(ByteOrder.LITTLE_ENDIAN);
        int size = source.length < 4 ? -1 : bytes.getInt();
        if (size < 4 || size % 4 != 0 || size > bytes.remaining()) {
            throw new MalformedFileException(
                    "the character map of the tokenizer has %d bytes and an array of %d; expected a multiple of 4 that fits"
                            .formatted(source.length, size));
        }
        units = bytes.slice(4, size).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
        replacements = Arrays.copyOfRange(source, 4 + size, source.length);
        int length = 0;
        for (byte value : replacements) {
            length = value == 0 ? 0 : length + 1;
            if (length > LONGEST_REPLACEMENT) {
                throw new MalformedFileException(
                        "the character map of the tokenizer has a replacement of more than %d bytes"
                                .formatted(LONGEST_REPLACEMENT));
            }
        }
    }

    /// The longest text of the map that `utf8` has at `from`: where it ends in the upper half, where its replacement
    /// begins in the lower; or -1.
    long match(byte[] utf8, int from, int to) {
        long longest = -1;
        int unit = unit(0);
        int place = distance(unit);
        for (int index = from; index < to; index++) {
            int next = utf8[index] & 0xFF;
            place ^= next;
            unit = unit(place);
            if ((unit & 0x8000_00FF) != next) {
                return longest;
            }
            place ^= distance(unit);
            if ((unit & 0x100) != 0) {
                longest = (index + 1L) << 32 | (unit(place) & 0x7FFF_FFFF);
            }
        }
        return longest;
    }

    /// Appends the replacement that begins at `start`.
    void replace(int start, ByteList target) {
        for (int i = start; i < replacements.length && replacements[i] != 0; i++) {
            target.add(replacements[i]);
        }
    }

    private int unit(int place) {
        return place >= 0 && place < units.limit() ? units.get(place) : 0;
    }

    private static int distance(int unit) {
        return (unit >>> 10) << ((unit & 0x200) >>> 6);
    }
}
