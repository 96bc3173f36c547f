package mobilellm.tokenizer;

/// Cuts numbers into groups of three digits, counted from their end: the two patterns of tokenizers that look ahead
/// further than one character.
final class DigitGroups implements Stage {
    /// Groups are words; a number with a letter behind it stays as it is.
    static final String BEFORE_NO_WORD = "\\d{1,3}(?=(?:\\d{3})*\\b)";

    /// Text is cut before every whole group.
    static final String BEFORE_NO_DIGIT = "(?=(\\d{3})+(?!\\d))";

    private static final int GROUP = 3;

    private final boolean words;

    DigitGroups(String pattern) {
        words = pattern.equals(BEFORE_NO_WORD);
    }

    static boolean knows(String pattern) {
        return pattern.equals(BEFORE_NO_WORD) || pattern.equals(BEFORE_NO_DIGIT);
    }

    @Override
    public void apply(byte[] utf8, int from, int to, boolean first, Sink next) {
        int word = from;
        int index = from;
        while (index < to) {
            int end = index;
            int digits = 0;
            while (end < to && is(CharacterSet.DIGITS, utf8, end)) {
                end += Utf8.length(utf8[end]);
                digits++;
            }
            if (digits == 0) {
                index += Utf8.length(utf8[index]);
                continue;
            }
            boolean cut = !words || end == to || !is(CharacterSet.WORD_ALONE, utf8, end);
            boolean begins = words;
            for (int left = digits; left > 0; left--) {
                if (cut && index > word && (begins || left % GROUP == 0)) {
                    next.accept(utf8, word, index, first && word == from);
                    word = index;
                }
                begins = false;
                index += Utf8.length(utf8[index]);
            }
            if (cut && words) {
                next.accept(utf8, word, end, first && word == from);
                word = end;
            }
        }
        if (word < to) {
            next.accept(utf8, word, to, first && word == from);
        }
    }

    private static boolean is(CharacterSet set, byte[] utf8, int index) {
        int codePoint = Utf8.codePoint(utf8, index);
        return set.contains(codePoint, Character.getType(codePoint));
    }
}
