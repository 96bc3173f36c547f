package mobilellm.tokenizer;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/// A set of characters of a pattern: general categories, ranges and other sets together, or all but those.
///
/// @param categories one bit for each number of [Character#getType(int)]
/// @param ranges first and last code point of each range, in turn
@SuppressWarnings("ArrayRecordComponent") // made once, never compared
record CharacterSet(int categories, int[] ranges, List<CharacterSet> parts, boolean negated) {
    private static final int[] NONE = {};

    static final CharacterSet LETTERS =
            ofCategories(
                    Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER);
    static final CharacterSet MARKS =
            ofCategories(
                    Character.NON_SPACING_MARK,
                    Character.COMBINING_SPACING_MARK,
                    Character.ENCLOSING_MARK);
    static final CharacterSet NUMBERS =
            ofCategories(
                    Character.DECIMAL_DIGIT_NUMBER,
                    Character.LETTER_NUMBER,
                    Character.OTHER_NUMBER);
    static final CharacterSet DIGITS = ofCategories(Character.DECIMAL_DIGIT_NUMBER);
    static final CharacterSet PUNCTUATION =
            ofCategories(
                    Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION);
    static final CharacterSet SYMBOLS =
            ofCategories(
                    Character.MATH_SYMBOL,
                    Character.CURRENCY_SYMBOL,
                    Character.MODIFIER_SYMBOL,
                    Character.OTHER_SYMBOL);
    static final CharacterSet SEPARATORS =
            ofCategories(
                    Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR);

    /// The property White_Space, which `\s` means in Oniguruma and in Rust, and for which Java has no method.
    static final CharacterSet WHITE_SPACE =
            union(List.of(SEPARATORS, range('\t', '\r'), range(0x85, 0x85)));

    /// `\w` in a class: letters, marks, decimal digits, connectors, and what else is Alphabetic: numbers that are letters,
    /// and circled and squared Latin letters.
    static final CharacterSet WORD =
            union(
                    List.of(
                            LETTERS,
                            MARKS,
                            DIGITS,
                            ofCategories(Character.LETTER_NUMBER, Character.CONNECTOR_PUNCTUATION),
                            range(0x24B6, 0x24E9),
                            range(0x1F130, 0x1F149),
                            range(0x1F150, 0x1F169),
                            range(0x1F170, 0x1F189)));

    /// `\w` outside of classes, and what `\b` goes by: Oniguruma counts the numbers of Latin-1 in (`½`).
    static final CharacterSet WORD_ALONE =
            union(List.of(WORD, range(0xB2, 0xB3), range(0xB9, 0xB9), range(0xBC, 0xBE)));

    static CharacterSet ofCategories(int... categories) {
        int bits = 0;
        for (int category : categories) {
            bits |= 1 << category;
        }
        return new CharacterSet(bits, NONE, List.of(), false);
    }

    static CharacterSet range(int first, int last) {
        return new CharacterSet(0, new int[] {first, last}, List.of(), false);
    }

    static CharacterSet union(List<CharacterSet> parts) {
        return new CharacterSet(0, NONE, List.copyOf(new LinkedHashSet<>(parts)), false);
    }

    /// Made when it is first asked for, once: that takes a look at each character there is.
    private static final class Han {
        static final CharacterSet SET = ofScript(Character.UnicodeScript.HAN);
    }

    /// The script of Chinese characters.
    static CharacterSet han() {
        return Han.SET;
    }

    private static CharacterSet ofScript(Character.UnicodeScript script) {
        List<CharacterSet> ranges = new ArrayList<>();
        int first = -1;
        for (int character = 0; character <= Character.MAX_CODE_POINT + 1; character++) {
            boolean in =
                    character <= Character.MAX_CODE_POINT
                            && Character.UnicodeScript.of(character) == script;
            if (in && first < 0) {
                first = character;
            } else if (!in && first >= 0) {
                ranges.add(range(first, character - 1));
                first = -1;
            }
        }
        return union(ranges);
    }

    /// What is in both.
    CharacterSet and(CharacterSet other) {
        return union(List.of(complement(), other.complement())).complement();
    }

    CharacterSet complement() {
        return new CharacterSet(categories, ranges, parts, !negated);
    }

    /// @param category what [Character#getType(int)] says about some character, which may be another one than
    ///     `codePoint` that lies in the same ranges
    boolean contains(int codePoint, int category) {
        return isListed(codePoint, category) != negated;
    }

    private boolean isListed(int codePoint, int category) {
        if ((categories >>> category & 1) != 0) {
            return true;
        }
        for (int i = 0; i < ranges.length; i += 2) {
            if (codePoint >= ranges[i] && codePoint <= ranges[i + 1]) {
                return true;
            }
        }
        for (CharacterSet part : parts) {
            if (part.contains(codePoint, category)) {
                return true;
            }
        }
        return false;
    }
}
