package mobilellm.tokenizer;

import java.util.Arrays;

/// GPT-2's printable character for each byte, in which byte-level vocabularies are written (Radford et al. 2019,
/// `bytes_to_unicode`): printable Latin-1 stands for itself, the other 68 bytes for U+0100 onward in order.
final class ByteAlphabet {
    private static final char[] CHARACTER_OF_BYTE = new char[256];
    private static final short[] BYTE_OF_CHARACTER = new short[256 + 68];

    static {
        Arrays.fill(BYTE_OF_CHARACTER, (short) -1);
        char next = 256;
        for (int value = 0; value < 256; value++) {
            boolean softHyphen = value == 0xAD;
            boolean printable = (value > ' ' && value < 0x7F) || (value > 0xA0 && !softHyphen);
            char character = printable ? (char) value : next++;
            CHARACTER_OF_BYTE[value] = character;
            BYTE_OF_CHARACTER[character] = (short) value;
        }
    }

    private ByteAlphabet() {}

    /// The character that stands for the byte `value`, 0..255.
    static char characterOf(int value) {
        return CHARACTER_OF_BYTE[value];
    }

    /// The byte, 0..255, that `character` stands for, or -1.
    static int byteOf(char character) {
        return character < BYTE_OF_CHARACTER.length ? BYTE_OF_CHARACTER[character] : -1;
    }

    /// Whether every character of `token` stands for a byte.
    static boolean spells(String token) {
        for (int i = 0; i < token.length(); i++) {
            if (byteOf(token.charAt(i)) < 0) {
                return false;
            }
        }
        return true;
    }
}
