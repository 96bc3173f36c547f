package mobilellm.tokenizer;

import mobilellm.file.TextList;

import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// From the text of a token to its id. A hash table over the tokens' UTF-8 instead of a map of strings: reading
/// the merges of a model makes 150,000 look-ups before its first word, in code that no compiler has seen yet.
final class TokenIndex {
    /// Another in each process, so that no file can be made of tokens that share a slot: 65,536 of them took 12 seconds.
    private static final int SEED = ThreadLocalRandom.current().nextInt();

    private final TextList tokens;
    private final byte[] utf8;

    /// Open addressing. Upper half: hash of the token; lower half: its id + 1; 0 is free.
    private final long[] slots;

    private final int shift;

    TokenIndex(List<String> tokens) {
        this(tokens, all(tokens.size()));
    }

    private static BitSet all(int count) {
        BitSet all = new BitSet(count);
        all.set(0, count);
        return all;
    }

    /// @param found the ids of the tokens that are to be found
    TokenIndex(List<String> tokens, BitSet found) {
        this.tokens = Utf8.list(tokens);
        utf8 = this.tokens.utf8();
        int count = tokens.size();
        int bits = 64 - Long.numberOfLeadingZeros(2L * count + 1); // at most half full
        slots = new long[1 << bits];
        shift = 32 - bits;
        for (int id = 0; id < count; id++) {
            if (!found.get(id)) {
                continue;
            }
            int start = this.tokens.start(id);
            int end = this.tokens.start(id + 1);
            int hash = hash(utf8, start, end);
            // The last of several equal tokens stays, as in a JSON object or a Python dictionary.
            slots[slot(hash, utf8, start, end)] = ((long) hash << 32) | (id + 1);
        }
    }

    /// How many tokens there are.
    int size() {
        return tokens.size();
    }

    /// The id of the token that equals `token`, or -1.
    int find(String token) {
        byte[] text = Utf8.encode(token);
        return find(text, 0, text.length);
    }

    /// The id of the token whose UTF-8 equals `text` from `from` to `to`, or -1.
    int find(byte[] text, int from, int to) {
        return idAt(slot(hash(text, from, to), text, from, to));
    }

    private int idAt(int slot) {
        return (int) slots[slot] - 1;
    }

    private static int hash(byte[] text, int from, int to) {
        int hash = SEED;
        for (int i = from; i < to; i++) {
            hash = (hash ^ text[i]) * 0x9E3779B1;
            hash ^= hash >>> 15; // without it, sums that collide do so under every seed
        }
        return hash;
    }

    /// The slot of the token that equals `text` from `from` to `to`, or the free one where it belongs.
    private int slot(int hash, byte[] text, int from, int to) {
        int slot = (hash * 0x9E3779B9) >>> shift; // Fibonacci hashing
        while (slots[slot] != 0) {
            if ((int) (slots[slot] >> 32) == hash && isAt(slot, text, from, to)) {
                return slot;
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private boolean isAt(int slot, byte[] text, int from, int to) {
        int id = idAt(slot);
        int start = tokens.start(id);
        if (tokens.length(id) != to - from) {
            return false;
        }
        for (int i = from; i < to; i++) { // most are short: a call of Arrays.equals takes longer
            if (utf8[start + i - from] != text[i]) {
                return false;
            }
        }
        return true;
    }
}
