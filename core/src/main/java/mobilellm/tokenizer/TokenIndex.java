package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;

import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// From the text of a token to its id. A hash table over one array of characters instead of a map of strings: reading
/// the merges of a model makes 150,000 look-ups before its first word, in code that no compiler has seen yet.
final class TokenIndex {
    private static final int MAXIMUM_CHARACTERS = 1 << 28;

    /// Another in each process, so that no file can be made of tokens that share a slot: 65,536 of them took 12 seconds.
    private static final int SEED = ThreadLocalRandom.current().nextInt();

    /// All tokens, end to end.
    private final char[] characters;

    /// By id: where the token begins in `characters`; one more for the end of the last.
    private final int[] starts;

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
        int count = tokens.size();
        starts = new int[count + 1];
        for (int id = 0; id < count; id++) {
            int length = tokens.get(id).length();
            if (length > MAXIMUM_CHARACTERS - starts[id]) {
                throw new MalformedFileException(
                        "the tokens of the tokenizer have more than %d characters; expected far fewer"
                                .formatted(MAXIMUM_CHARACTERS));
            }
            starts[id + 1] = starts[id] + length;
        }
        characters = new char[starts[count]];
        int bits = 64 - Long.numberOfLeadingZeros(2L * count + 1); // at most half full
        slots = new long[1 << bits];
        shift = 32 - bits;
        for (int id = 0; id < count; id++) {
            String token = tokens.get(id);
            token.getChars(0, token.length(), characters, starts[id]);
            if (!found.get(id)) {
                continue;
            }
            int hash = hash(characters, starts[id], starts[id + 1]);
            // The last of several equal tokens stays, as in a JSON object or a Python dictionary.
            slots[slot(hash, characters, starts[id], starts[id + 1])] =
                    ((long) hash << 32) | (id + 1);
        }
    }

    /// How many tokens there are.
    int size() {
        return starts.length - 1;
    }

    /// The id of the token that equals `token`, or -1.
    int find(String token) {
        return find(token.toCharArray(), 0, token.length());
    }

    /// The id of the token that equals `text` from `from` to `to`, or -1.
    int find(char[] text, int from, int to) {
        return idAt(slot(hash(text, from, to), text, from, to));
    }

    private int idAt(int slot) {
        return (int) slots[slot] - 1;
    }

    private static int hash(char[] text, int from, int to) {
        int hash = SEED;
        for (int i = from; i < to; i++) {
            hash = (hash ^ text[i]) * 0x9E3779B1;
            hash ^= hash >>> 15; // without it, sums that collide do so under every seed
        }
        return hash;
    }

    /// The slot of the token that equals `text` from `from` to `to`, or the free one where it belongs.
    private int slot(int hash, char[] text, int from, int to) {
        int slot = (hash * 0x9E3779B9) >>> shift; // Fibonacci hashing
        while (slots[slot] != 0) {
            if ((int) (slots[slot] >> 32) == hash && isAt(slot, text, from, to)) {
                return slot;
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private boolean isAt(int slot, char[] text, int from, int to) {
        int id = idAt(slot);
        int start = starts[id];
        if (starts[id + 1] - start != to - from) {
            return false;
        }
        for (int i = from; i < to; i++) { // most are short: a call of Arrays.equals takes longer
            if (characters[start + i - from] != text[i]) {
                return false;
            }
        }
        return true;
    }
}
