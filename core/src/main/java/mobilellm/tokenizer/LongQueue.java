package mobilellm.tokenizer;

import java.util.Arrays;

/// A priority queue of `long`, smallest first: a binary heap (Williams 1964) without boxes, which
/// [java.util.PriorityQueue] would make a million of for a word of a megabyte.
final class LongQueue {
    private long[] heap;
    private int size;

    LongQueue(int capacity) {
        heap = new long[Math.max(1, capacity)];
    }

    boolean isEmpty() {
        return size == 0;
    }

    void add(long value) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        int hole = size++;
        while (hole > 0 && heap[(hole - 1) / 2] > value) {
            heap[hole] = heap[(hole - 1) / 2];
            hole = (hole - 1) / 2;
        }
        heap[hole] = value;
    }

    /// Removes the smallest.
    long poll() {
        long smallest = heap[0];
        long value = heap[--size];
        int hole = 0;
        int child = 1;
        while (child < size) {
            if (child + 1 < size && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= value) {
                break;
            }
            heap[hole] = heap[child];
            hole = child;
            child = 2 * hole + 1;
        }
        heap[hole] = value;
        return smallest;
    }
}
