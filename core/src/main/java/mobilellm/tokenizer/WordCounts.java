package mobilellm.tokenizer;

import java.util.Arrays;

/// How often each word occurred: a hash table over one array of bytes, because a map of strings would take five times
/// the memory for the words of a large text.
final class WordCounts {
    /// A word and how often it occurred.
    @FunctionalInterface
    interface Visitor {
        void accept(byte[] utf8, int from, int to, long count);
    }

    private final ByteList words = new ByteList(1 << 16);
    private int[] ends = new int[1 << 10];
    private long[] counts = new long[1 << 10];

    /// Open addressing: the number of a word + 1; 0 is free.
    private int[] slots = new int[1 << 12];

    private int size;

    void add(byte[] utf8, int from, int to, long count) {
        int slot = slot(utf8, from, to);
        if (slots[slot] != 0) {
            counts[slots[slot] - 1] += count;
            return;
        }
        if (size == counts.length) {
            ends = Arrays.copyOf(ends, 2 * size);
            counts = Arrays.copyOf(counts, 2 * size);
        }
        words.add(utf8, from, to);
        ends[size] = words.size();
        counts[size++] = count;
        slots[slot] = size;
        if (2 * size > slots.length) {
            slots = new int[2 * slots.length];
            for (int word = 0; word < size; word++) {
                slots[slot(words.array(), start(word), ends[word])] = word + 1;
            }
        }
    }

    void forEach(Visitor visitor) {
        for (int word = 0; word < size; word++) {
            visitor.accept(words.array(), start(word), ends[word], counts[word]);
        }
    }

    /// Adds what another table has counted.
    void addAll(WordCounts others) {
        others.forEach(this::add);
    }

    private int start(int word) {
        return word == 0 ? 0 : ends[word - 1];
    }

    /// The slot of the word, or the free one where it belongs.
    private int slot(byte[] utf8, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + utf8[i];
        }
        int mask = slots.length - 1;
        int slot = (hash * 0x9E3779B9) >>> (32 - Integer.bitCount(mask)); // Fibonacci hashing
        while (slots[slot] != 0) {
            int word = slots[slot] - 1;
            if (Arrays.equals(words.array(), start(word), ends[word], utf8, from, to)) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
        return slot;
    }
}
