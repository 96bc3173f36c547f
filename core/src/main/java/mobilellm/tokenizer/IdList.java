package mobilellm.tokenizer;

import java.util.Arrays;

/// A growing list of ids.
final class IdList {
    private int[] ids;
    private int size;

    IdList(int capacity) {
        ids = new int[Math.max(8, capacity)];
    }

    void add(int id) {
        ensureRoom(1);
        ids[size++] = id;
    }

    /// Adds the first `count` of `more`.
    void add(int[] more, int count) {
        ensureRoom(count);
        System.arraycopy(more, 0, ids, size, count);
        size += count;
    }

    int[] toArray() {
        return Arrays.copyOf(ids, size);
    }

    private void ensureRoom(int more) {
        if (size + more > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(size + more, 2 * ids.length));
        }
    }
}
