package mobilellm.tokenizer;

/// Merges the tokens of one word, the most urgent pair first and the leftmost of equals, until no pair is left
/// (Sennrich et al. 2016). Holds scratch memory: for one thread, reused from word to word.
final class WordMerger {
    /// Up to here scanning all pairs again after each merge beats the queue.
    private static final int SHORT = 48;

    private final MergeTable merges;
    private final long[] pairs = new long[SHORT];

    WordMerger(MergeTable merges) {
        this.merges = merges;
    }

    /// Merges the first `count` of `symbols` in place.
    ///
    /// @return how many remain
    int merge(int[] symbols, int count) {
        return count <= SHORT
                ? mergeShort(symbols, count)
                : new LongWordMerger(merges, symbols, count).merge();
    }

    private int mergeShort(int[] symbols, int count) {
        int last = count - 1;
        for (int i = 0; i < last; i++) {
            pairs[i] = merges.find(symbols[i], symbols[i + 1]);
        }
        while (true) {
            int best = 0;
            long bestPair = MergeTable.NONE;
            for (int i = 0; i < last; i++) {
                if (pairs[i] < bestPair) {
                    best = i;
                    bestPair = pairs[i];
                }
            }
            if (bestPair == MergeTable.NONE) {
                return last + 1;
            }
            symbols[best] = (int) bestPair;
            System.arraycopy(symbols, best + 2, symbols, best + 1, last - best - 1);
            last--;
            if (best < last) {
                System.arraycopy(pairs, best + 2, pairs, best + 1, last - best - 1);
                pairs[best] = merges.find(symbols[best], symbols[best + 1]);
            }
            if (best > 0) {
                pairs[best - 1] = merges.find(symbols[best - 1], symbols[best]);
            }
        }
    }
}
