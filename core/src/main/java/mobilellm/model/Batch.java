package mobilellm.model;

import mobilellm.kernel.KeyValueStore;
import mobilellm.kernel.Sequences;

import java.util.Arrays;

/// Rows of one forward pass: tokens of one or more sequences, those of one sequence consecutive and in order. Reusable:
/// after [#clear] it holds no rows and keeps its memory.
public final class Batch {
    private int[] tokens = new int[16];
    private int[] positions = new int[16];
    private int[] wantedRows = new int[16];
    private KvCache[] caches = new KvCache[16];
    private final Sequences all = new Rows(false);
    private final Sequences wantedOnly = new Rows(true);
    private int size;
    private int logitsRows;

    /// Forgets all rows.
    public void clear() {
        Arrays.fill(caches, 0, size, null);
        size = 0;
        logitsRows = 0;
    }

    /// Appends a token to the sequence of a cache, at the position after the cache's last and the rows already added.
    ///
    /// @param wantLogits whether the logits of the next token are wanted at this row
    /// @throws IllegalArgumentException if the sequence's rows are not consecutive, or the cache is full
    public void add(KvCache cache, int token, boolean wantLogits) {
        int position = cache.length();
        if (size > 0 && caches[size - 1] == cache) {
            position = positions[size - 1] + 1;
        } else {
            for (int row = 0; row < size; row++) {
                if (caches[row] == cache) {
                    throw new IllegalArgumentException(
                            "rows of one sequence must be consecutive in a batch");
                }
            }
        }
        if (position >= cache.capacity()) {
            throw new IllegalArgumentException(
                    "the KV cache is full: it holds %d positions".formatted(cache.capacity()));
        }
        if (size == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * size);
            positions = Arrays.copyOf(positions, 2 * size);
            wantedRows = Arrays.copyOf(wantedRows, 2 * size);
            caches = Arrays.copyOf(caches, 2 * size);
        }
        tokens[size] = token;
        positions[size] = position;
        caches[size] = cache;
        if (wantLogits) {
            wantedRows[logitsRows++] = size;
        }
        size++;
    }

    /// Rows.
    public int size() {
        return size;
    }

    /// Rows whose logits are wanted.
    public int logitsRows() {
        return logitsRows;
    }

    int[] tokens() {
        return tokens;
    }

    KvCache cache(int row) {
        return caches[row];
    }

    /// All rows, for the kernels.
    Sequences all() {
        return all;
    }

    /// Only the rows whose logits are wanted, in order.
    Sequences wantedOnly() {
        return wantedOnly;
    }

    /// Row in the batch of the `index`-th row whose logits are wanted.
    int wantedRow(int index) {
        return wantedRows[index];
    }

    private final class Rows implements Sequences {
        private final boolean onlyWanted;

        Rows(boolean onlyWanted) {
            this.onlyWanted = onlyWanted;
        }

        private int index(int row) {
            return onlyWanted ? wantedRows[row] : row;
        }

        @Override
        public KeyValueStore store(int row) {
            return caches[index(row)].store();
        }

        @Override
        public int position(int row) {
            return positions[index(row)];
        }
    }
}
