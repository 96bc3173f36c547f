package mobilellm.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.file.TextList;
import mobilellm.tensor.MalformedFileException;

import java.util.List;

/// Well-formed UTF-8 in byte arrays.
final class Utf8 {
    private static final int MOST_BYTES = 1 << 28;

    private Utf8() {}

    /// The bytes of `text`; an unpaired surrogate gives those of U+FFFD ([String#getBytes] would write a question mark).
    static byte[] encode(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (isUnpaired(text, i)) {
                    return repair(text).getBytes(UTF_8);
                }
                i++;
            }
        }
        return text.getBytes(UTF_8);
    }

    /// The strings as their bytes.
    ///
    /// @throws MalformedFileException if they have more than 2^28 bytes
    static TextList list(List<String> strings) {
        if (strings instanceof TextList texts) {
            return texts;
        }
        byte[][] encoded = new byte[strings.size()][];
        int[] starts = new int[strings.size() + 1];
        for (int i = 0; i < encoded.length; i++) {
            encoded[i] = encode(strings.get(i));
            if (encoded[i].length > MOST_BYTES - starts[i]) {
                throw new MalformedFileException(
                        "the tokens of the tokenizer have more than %d bytes; expected far fewer"
                                .formatted(MOST_BYTES));
            }
            starts[i + 1] = starts[i] + encoded[i].length;
        }
        byte[] all = new byte[starts[encoded.length]];
        for (int i = 0; i < encoded.length; i++) {
            System.arraycopy(encoded[i], 0, all, starts[i], encoded[i].length);
        }
        return new TextList(all, starts);
    }

    /// Whether the surrogate at `index`, not the second half of a pair, stands alone.
    private static boolean isUnpaired(String text, int index) {
        return Character.charCount(text.codePointAt(index)) == 1;
    }

    private static String repair(String text) {
        StringBuilder repaired = new StringBuilder(text.length());
        text.codePoints()
                .map(
                        point ->
                                point <= 0xFFFF && Character.isSurrogate((char) point)
                                        ? 0xFFFD
                                        : point)
                .forEach(repaired::appendCodePoint);
        return repaired.toString();
    }

    /// How many bytes the character has that begins with the byte `lead`.
    static int length(byte lead) {
        if (lead >= 0) {
            return 1;
        }
        int value = lead & 0xFF;
        return value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
    }

    /// The code point that begins at `index`.
    static int codePoint(byte[] utf8, int index) {
        byte lead = utf8[index];
        return switch (length(lead)) {
            case 1 -> lead;
            case 2 -> ((lead & 0x1F) << 6) | low(utf8, index + 1);
            case 3 -> ((lead & 0x0F) << 12) | (low(utf8, index + 1) << 6) | low(utf8, index + 2);
            default ->
                    ((lead & 0x07) << 18)
                            | (low(utf8, index + 1) << 12)
                            | (low(utf8, index + 2) << 6)
                            | low(utf8, index + 3);
        };
    }

    private static int low(byte[] utf8, int index) {
        return utf8[index] & 0x3F;
    }

    /// Where the character begins that ends just before `end`.
    static int previous(byte[] utf8, int end) {
        int index = end - 1;
        while ((utf8[index] & 0xC0) == 0x80) {
            index--;
        }
        return index;
    }
}
