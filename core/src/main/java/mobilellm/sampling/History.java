package mobilellm.sampling;

import java.util.Arrays;

/// The ids of a sequence so far, prompt first: what the penalties look back on. Grows by itself; holds no
/// reference to what it was filled from. Not thread-safe.
public final class History {
    private int[] ids;
    private int size;
    private int promptLength;

    /// An empty sequence.
    public History() {
        this(64);
    }

    /// An empty sequence that takes `capacity` ids before it allocates again.
    public History(int capacity) {
        ids = new int[Math.max(capacity, 1)];
    }

    /// Ids in the sequence, prompt included.
    public int size() {
        return size;
    }

    /// How many of the first ids count as prompt; the rest was generated.
    public int promptLength() {
        return promptLength;
    }

    /// The id at `index`, counted from 0.
    public int id(int index) {
        return ids[java.util.Objects.checkIndex(index, size)];
    }

    /// Appends a generated id.
    public void add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, Math.multiplyExact(size, 2));
        }
        ids[size++] = id;
    }

    /// Appends ids of the prompt. Whatever was generated before becomes prompt too, as in the next turn of a chat.
    public void addPrompt(int... prompt) {
        for (int id : prompt) {
            add(id);
        }
        promptLength = size;
    }

    /// Forgets what comes after the first `length` ids.
    ///
    /// @throws IllegalArgumentException if there are fewer
    public void truncate(int length) {
        if (length < 0 || length > size) {
            throw new IllegalArgumentException(
                    "cannot truncate a history of " + size + " ids to " + length);
        }
        size = length;
        promptLength = Math.min(promptLength, length);
    }

    /// A copy of all ids.
    public int[] toArray() {
        return Arrays.copyOf(ids, size);
    }
}
