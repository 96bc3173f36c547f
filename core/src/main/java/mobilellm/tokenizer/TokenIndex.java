package mobilellm.tokenizer;

import java.util.List;

/// From the text of a token to its id, without making strings: a merge `"left right"` is looked up by its two halves
/// and by both joined, 150,000 look-ups on the way to the first word of a model.
final class TokenIndex {
    private final List<String> tokens;

    /// Open addressing. Upper half: hash of the token; lower half: its id + 1; 0 is free.
    private final long[] slots;

    private final int shift;

    TokenIndex(List<String> tokens) {
        this.tokens = tokens;
        int bits = 64 - Long.numberOfLeadingZeros(2L * tokens.size() + 1); // at most half full
        slots = new long[1 << bits];
        shift = 32 - bits;
        for (int id = 0; id < tokens.size(); id++) {
            String token = tokens.get(id);
            int hash = hash(0, token, 0, token.length());
            // The last of several equal tokens stays, as in a JSON object or a Python dictionary.
            slots[slot(hash, token, 0, token.length(), token.length())] = entry(hash, id);
        }
    }

    /// The id of the token that equals `text` from `from` to `to`, or -1
    int find(String text, int from, int to) {
        return idAt(slot(hash(0, text, from, to), text, from, to, to));
    }

    /// The id of the token that equals `text` without the character at `gap`, or -1
    int findWithout(String text, int gap) {
        int hash = hash(hash(0, text, 0, gap), text, gap + 1, text.length());
        return idAt(slot(hash, text, 0, gap, text.length()));
    }

    private int idAt(int slot) {
        return (int) slots[slot] - 1;
    }

    private static long entry(int hash, int id) {
        return ((long) hash << 32) | (id + 1);
    }

    private static int hash(int start, String text, int from, int to) {
        int hash = start;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        return hash;
    }

    /// The slot of `text[from, gap) + text[gap + 1, to)`, or the free one where it belongs.
    private int slot(int hash, String text, int from, int gap, int to) {
        int mask = slots.length - 1;
        int slot = (hash * 0x9E3779B9) >>> shift; // Fibonacci hashing
        while (slots[slot] != 0) {
            if ((int) (slots[slot] >> 32) == hash
                    && equal(tokens.get(idAt(slot)), text, from, gap, to)) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private static boolean equal(String token, String text, int from, int gap, int to) {
        int left = gap - from;
        int right = Math.max(0, to - gap - 1);
        return token.length() == left + right
                && token.regionMatches(0, text, from, left)
                && (right == 0 || token.regionMatches(left, text, gap + 1, right));
    }
}
