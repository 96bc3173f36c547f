package mobilellm.tokenizer;

import java.util.Arrays;

/// A growing list of bytes, read where it lies.
final class ByteList {
    private byte[] bytes;
    private int size;

    ByteList(int capacity) {
        bytes = new byte[Math.max(16, capacity)];
    }

    void add(byte value) {
        ensureRoom(1);
        bytes[size++] = value;
    }

    void add(byte[] source, int from, int to) {
        ensureRoom(to - from);
        System.arraycopy(source, from, bytes, size, to - from);
        size += to - from;
    }

    int size() {
        return size;
    }

    /// Drops what is behind the first `length`.
    void truncate(int length) {
        size = length;
    }

    boolean endsWith(byte[] suffix) {
        return size >= suffix.length
                && Arrays.equals(bytes, size - suffix.length, size, suffix, 0, suffix.length);
    }

    /// The array that the first [#size] bytes lie in; another one after the next addition.
    byte[] array() {
        return bytes;
    }

    private void ensureRoom(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
        }
    }
}
