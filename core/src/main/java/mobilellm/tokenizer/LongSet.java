package mobilellm.tokenizer;

import java.util.Arrays;

/// A growing set of non-negative `long`, without boxes.
final class LongSet {
    private static final long FREE = -1;

    private long[] slots = {};
    private int size;

    int size() {
        return size;
    }

    boolean contains(long value) {
        return size > 0 && slots[slot(value)] == value;
    }

    void add(long value) {
        if (2 * size >= slots.length) {
            long[] old = slots;
            slots = new long[Math.max(64, 2 * old.length)];
            Arrays.fill(slots, FREE);
            for (long kept : old) {
                if (kept != FREE) {
                    slots[slot(kept)] = kept;
                }
            }
        }
        int slot = slot(value);
        if (slots[slot] == FREE) {
            slots[slot] = value;
            size++;
        }
    }

    private int slot(long value) {
        int shift = Long.numberOfLeadingZeros(slots.length) + 1;
        int slot = (int) ((value * 0x9E3779B97F4A7C15L) >>> shift); // Fibonacci hashing
        while (slots[slot] != FREE && slots[slot] != value) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }
}
