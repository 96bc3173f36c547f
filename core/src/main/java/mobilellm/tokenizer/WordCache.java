package mobilellm.tokenizer;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/// Words that were merged before, with their ids: most words of a text are among the few thousand common ones.
///
/// A table of fixed size in which a word takes the place of the one that had its slot. Threads share it without locks:
/// an entry is immutable with final fields, so whoever reads a slot sees an entire entry or none (JLS 17.5), and a
/// store that another thread misses or overwrites costs one more merge, nothing else.
final class WordCache {
    /// Longer words are rare and not kept, which bounds the cache to about 5 MB.
    static final int LONGEST = 32;

    private static final int BITS = 15;

    private static final class Entry {
        final byte[] word;
        final int[] ids;

        Entry(byte[] word, int[] ids) {
            this.word = word;
            this.ids = ids;
        }
    }

    private final @Nullable Entry[] entries = new Entry[1 << BITS];

    /// The ids of the word at `from` to `to` (not to be changed), or null.
    int @Nullable [] find(byte[] utf8, int from, int to) {
        Entry entry = entries[slot(utf8, from, to)];
        return entry != null && Arrays.equals(entry.word, 0, entry.word.length, utf8, from, to)
                ? entry.ids
                : null;
    }

    /// Keeps `ids`, which must not be changed any more.
    void put(byte[] utf8, int from, int to, int[] ids) {
        entries[slot(utf8, from, to)] = new Entry(Arrays.copyOfRange(utf8, from, to), ids);
    }

    private static int slot(byte[] utf8, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + utf8[i];
        }
        return (hash * 0x9E3779B9) >>> (32 - BITS); // Fibonacci hashing
    }
}
