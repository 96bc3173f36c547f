package mobilellm.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

/// Well-formed UTF-8 in byte arrays.
final class Utf8 {
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
