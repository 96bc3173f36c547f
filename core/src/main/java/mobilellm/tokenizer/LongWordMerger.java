package mobilellm.tokenizer;

/// Merges one long word in n log n time: the symbols are a linked list, the pairs wait in a priority queue.
final class LongWordMerger {
    private static final int GONE = -1;

    private final MergeTable merges;
    private final int[] symbols;
    private final int count;
    private final int[] previous;
    private final int[] next;

    /// Rank of a pair in the upper 32 bits, place of its left symbol in the lower: the most urgent comes first, and of
    /// equals the leftmost. An entry whose pair has changed since is recognised when its turn comes.
    private final LongQueue queue;

    LongWordMerger(MergeTable merges, int[] symbols, int count) {
        this.merges = merges;
        this.symbols = symbols;
        this.count = count;
        previous = new int[count];
        next = new int[count];
        queue = new LongQueue(count);
    }

    /// Merges in place.
    ///
    /// @return how many symbols remain
    int merge() {
        for (int place = 0; place < count; place++) {
            previous[place] = place - 1;
            next[place] = place + 1;
        }
        for (int place = 0; place < count; place++) {
            enqueue(place);
        }
        while (!queue.isEmpty()) {
            long entry = queue.poll();
            int place = (int) entry;
            long merge = mergeAt(place);
            if (merge != MergeTable.NONE && merge >>> 32 == entry >>> 32) {
                apply((int) merge, place);
            }
        }
        return compact();
    }

    private void apply(int merged, int place) {
        int right = next[place];
        symbols[place] = merged;
        symbols[right] = GONE;
        next[place] = next[right];
        if (next[place] < count) {
            previous[next[place]] = place;
        }
        enqueue(place);
        if (previous[place] >= 0) {
            enqueue(previous[place]);
        }
    }

    private void enqueue(int place) {
        long merge = mergeAt(place);
        if (merge != MergeTable.NONE) {
            queue.add(((merge >>> 32) << 32) | place);
        }
    }

    private long mergeAt(int place) {
        return symbols[place] == GONE || next[place] == count
                ? MergeTable.NONE
                : merges.find(symbols[place], symbols[next[place]]);
    }

    private int compact() {
        int kept = 0;
        for (int place = 0; place < count; place = next[place]) {
            symbols[kept++] = symbols[place];
        }
        return kept;
    }
}
