package mobilellm.tokenizer;

import java.util.Arrays;

/// From non-negative `long` to non-negative `long`: open addressing in one array, key and value side by side, so that
/// a look-up is one cache line. Filled once, then only read.
final class LongMap {
    /// Returned for a key that is absent; larger than every value.
    static final long ABSENT = Long.MAX_VALUE;

    private static final long FREE = -1;

    private final long[] keysAndValues;
    private final int shift;

    /// @param capacity how many keys will be put at most
    LongMap(int capacity) {
        int bits = 64 - Long.numberOfLeadingZeros(2L * capacity + 1); // at most half full
        shift = 64 - bits;
        keysAndValues = new long[Math.multiplyExact(2, 1 << bits)];
        Arrays.fill(keysAndValues, FREE);
    }

    /// Keeps the value that is there, if any.
    ///
    /// @return whether the key was absent
    boolean putIfAbsent(long key, long value) {
        int slot = slot(key);
        if (keysAndValues[slot] == key) {
            return false;
        }
        keysAndValues[slot] = key;
        keysAndValues[slot + 1] = value;
        return true;
    }

    long get(long key) {
        int slot = slot(key);
        return keysAndValues[slot] == key ? keysAndValues[slot + 1] : ABSENT;
    }

    private int slot(long key) {
        int mask = keysAndValues.length - 1;
        int slot = (int) ((key * 0x9E3779B97F4A7C15L) >>> shift) * 2; // Fibonacci hashing
        while (keysAndValues[slot] != key && keysAndValues[slot] != FREE) {
            slot = (slot + 2) & mask;
        }
        return slot;
    }
}
