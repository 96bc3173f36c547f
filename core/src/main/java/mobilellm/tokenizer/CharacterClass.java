package mobilellm.tokenizer;

/// The four classes of characters that the patterns of pre-tokenizers tell apart.
///
/// Letters and numbers are the Unicode categories `\p{L}` and `\p{N}` of the running JDK (Unicode 16 in JDK 25);
/// white space is the property White_Space, which `\s` means in Oniguruma and in Rust, and for which Java has no method.
final class CharacterClass {
    static final int SPACE = 0;
    static final int LETTER = 1;
    static final int NUMBER = 2;
    static final int OTHER = 3;

    private static final byte[] ASCII = new byte[128];

    static {
        for (int character = 0; character < ASCII.length; character++) {
            ASCII[character] = (byte) ofCodePoint(character);
        }
    }

    private CharacterClass() {}

    /// The class of the character that begins at `index`.
    static int at(byte[] utf8, int index) {
        byte lead = utf8[index];
        return lead >= 0 ? ASCII[lead] : ofCodePoint(Utf8.codePoint(utf8, index));
    }

    /// Where the run of characters of one class ends that begins at or after `from`, at most `to`.
    static int endOfRun(byte[] utf8, int from, int to, int wanted) {
        int index = from;
        while (index < to && at(utf8, index) == wanted) {
            index += Utf8.length(utf8[index]);
        }
        return index;
    }

    static int ofCodePoint(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER ->
                    LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
                    NUMBER;
            case Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    SPACE;
            default ->
                    (codePoint >= '\t' && codePoint <= '\r') || codePoint == 0x85 ? SPACE : OTHER;
        };
    }
}
