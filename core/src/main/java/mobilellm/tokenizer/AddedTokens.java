package mobilellm.tokenizer;

import java.util.List;

/// Finds tokens that stand for themselves in text: the leftmost counts, and of several there the longest. What lies
/// between them is text of its own; neither words nor patterns see beyond.
final class AddedTokens {
    /// @param text as it is looked for
    /// @param special whether the text of a user is never this token
    /// @param left whether white space before it vanishes
    /// @param right whether white space behind it vanishes
    /// @param alone whether it counts only where no letter or digit touches it
    record Token(int id, String text, boolean special, boolean left, boolean right, boolean alone) {
        Token(int id, String text, boolean special) {
            this(id, text, special, false, false, false);
        }
    }

    private final Token[] tokens;
    private final ByteTrie all;
    private final ByteTrie plain;

    AddedTokens(List<Token> tokens) {
        this.tokens = tokens.toArray(Token[]::new);
        all = trie(true);
        plain = trie(false);
    }

    private ByteTrie trie(boolean withSpecial) {
        int count = 0;
        byte[][] texts = new byte[tokens.length][];
        int[] places = new int[tokens.length];
        for (int place = 0; place < tokens.length; place++) {
            if (withSpecial || !tokens[place].special()) {
                texts[count] = Utf8.encode(tokens[place].text());
                places[count++] = place;
            }
        }
        byte[][] used = new byte[count][];
        System.arraycopy(texts, 0, used, 0, count);
        return new ByteTrie(used, places);
    }

    /// Adds the ids of the tokens to `ids`, and hands on what lies between them, in order.
    void cut(
            byte[] utf8,
            int from,
            int to,
            boolean first,
            boolean withSpecial,
            IdList ids,
            Stage.Sink between) {
        ByteTrie trie = withSpecial ? all : plain;
        int start = from;
        int index = from;
        while (index < to) {
            int end = trie.match(utf8, index, to);
            if (end < 0) {
                index++;
                continue;
            }
            Token token = tokens[trie.find(utf8, index, end)];
            if (token.alone() && touchesWord(utf8, from, index, end, to)) {
                index = end;
                continue;
            }
            int left = token.left() ? startOfSpace(utf8, start, index) : index;
            if (start < left) {
                between.accept(utf8, start, left, first && start == from);
            }
            ids.add(token.id());
            start = token.right() ? endOfSpace(utf8, end, to) : end;
            index = start;
        }
        if (start < to) {
            between.accept(utf8, start, to, first && start == from);
        }
    }

    private static boolean touchesWord(byte[] utf8, int from, int begin, int end, int to) {
        return (begin > from && isWord(utf8, Utf8.previous(utf8, begin)))
                || (end < to && isWord(utf8, end));
    }

    private static boolean isWord(byte[] utf8, int index) {
        int codePoint = Utf8.codePoint(utf8, index);
        return CharacterSet.WORD.contains(codePoint, Character.getType(codePoint));
    }

    private static boolean isSpace(byte[] utf8, int index) {
        int codePoint = Utf8.codePoint(utf8, index);
        return CharacterSet.WHITE_SPACE.contains(codePoint, Character.getType(codePoint));
    }

    private static int startOfSpace(byte[] utf8, int from, int end) {
        int start = end;
        while (start > from && isSpace(utf8, Utf8.previous(utf8, start))) {
            start = Utf8.previous(utf8, start);
        }
        return start;
    }

    private static int endOfSpace(byte[] utf8, int from, int to) {
        int end = from;
        while (end < to && isSpace(utf8, end)) {
            end += Utf8.length(utf8[end]);
        }
        return end;
    }
}
