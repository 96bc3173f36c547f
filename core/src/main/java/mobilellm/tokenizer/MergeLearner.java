package mobilellm.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/// Learns merges: the two neighbours that occur most often become one symbol, again and again (Sennrich et al. 2016).
/// Counts change only around what was merged, and the most frequent pair comes from a heap whose entries are corrected
/// when they reach its top. Of equally frequent pairs the one with the smaller left id is merged first, then the one
/// with the smaller right id; so neither the order of the words nor the number of threads matters.
final class MergeLearner {
    /// Two neighbours that become one token.
    record Merge(int left, int right) {}

    private record Candidate(long pair, long count) {
        static final Comparator<Candidate> ORDER =
                Comparator.comparingLong(Candidate::count)
                        .reversed()
                        .thenComparingLong(Candidate::pair);
    }

    /// Where a pair occurs.
    private static final class Occurrences {
        private long count;

        /// Words that held the pair once; they may hold it no longer.
        private final IdList words = new IdList(0);

        private int lastWord = -1;

        void add(int word, long change) {
            count += change;
            if (change > 0 && word != lastWord) {
                lastWord = word;
                words.add(word);
            }
        }

        void addAll(Occurrences others) {
            count += others.count;
            int[] more = others.words.toArray();
            words.add(more, more.length);
        }
    }

    /// The symbols of all words, end to end. A word is shorter than its place after it was merged.
    private int[] symbols = new int[1 << 12];

    private int used;
    private int[] starts = new int[1 << 10];
    private int[] lengths = new int[1 << 10];
    private long[] counts = new long[1 << 10];
    private int words;

    private final Map<Long, Occurrences> pairs = new HashMap<>();
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>(Candidate.ORDER);

    /// Pairs that occur more often than the queue says.
    private final Set<Long> grown = new HashSet<>();

    /// Adds a word, the first `length` of `word`, that occurs `count` times.
    void add(int[] word, int length, long count) {
        if (words == lengths.length) {
            starts = Arrays.copyOf(starts, 2 * words);
            lengths = Arrays.copyOf(lengths, 2 * words);
            counts = Arrays.copyOf(counts, 2 * words);
        }
        if (used + length > symbols.length) {
            symbols = Arrays.copyOf(symbols, Math.max(used + length, 2 * symbols.length));
        }
        System.arraycopy(word, 0, symbols, used, length);
        starts[words] = used;
        lengths[words] = length;
        counts[words++] = count;
        used += length;
    }

    /// Merges until there are `size` tokens, or no pair occurs `minimumCount` times.
    ///
    /// @return the merges, in their order
    List<Merge> learn(LearntTokens tokens, int size, long minimumCount, Workers workers) {
        workers.each(part -> count(part, workers.count())).forEach(this::takeOver);
        pairs.forEach((pair, found) -> queue.add(new Candidate(pair, found.count)));
        List<Merge> merges = new ArrayList<>();
        while (tokens.size() < size && !queue.isEmpty()) {
            Candidate best = queue.poll();
            Occurrences found = pairs.get(best.pair());
            if (found == null || found.count < minimumCount) {
                continue;
            }
            if (found.count < best.count()) {
                queue.add(new Candidate(best.pair(), found.count));
                continue;
            }
            int left = (int) (best.pair() >>> 32);
            int right = (int) best.pair();
            int merged = tokens.merge(left, right);
            pairs.remove(best.pair());
            if (merged >= 0) {
                merges.add(new Merge(left, right));
                for (int word : found.words.toArray()) {
                    merge(word, left, right, merged);
                }
                for (long pair : grown) {
                    queue.add(new Candidate(pair, occurrences(pairs, pair).count));
                }
                grown.clear();
            }
        }
        return merges;
    }

    /// Counts the pairs of one of `parts` equal shares of the words.
    private Map<Long, Occurrences> count(int part, int parts) {
        Map<Long, Occurrences> counted = new HashMap<>();
        int from = (int) ((long) words * part / parts);
        int to = (int) ((long) words * (part + 1) / parts);
        for (int word = from; word < to; word++) {
            for (int i = starts[word]; i + 1 < starts[word] + lengths[word]; i++) {
                occurrences(counted, pair(symbols[i], symbols[i + 1])).add(word, counts[word]);
            }
        }
        return counted;
    }

    private void takeOver(Map<Long, Occurrences> counted) {
        counted.forEach((pair, found) -> occurrences(pairs, pair).addAll(found));
    }

    private static Occurrences occurrences(Map<Long, Occurrences> pairs, long pair) {
        return pairs.computeIfAbsent(pair, _ -> new Occurrences());
    }

    private void merge(int word, int left, int right, int merged) {
        int start = starts[word];
        int end = start + lengths[word];
        long count = counts[word];
        int target = start;
        int i = start;
        while (i < end) {
            if (symbols[i] != left || i + 1 == end || symbols[i + 1] != right) {
                symbols[target++] = symbols[i++];
                continue;
            }
            if (target > start) {
                lose(pair(symbols[target - 1], left), word, count);
                gain(pair(symbols[target - 1], merged), word, count);
            }
            if (i + 2 < end) {
                lose(pair(right, symbols[i + 2]), word, count);
                gain(pair(merged, symbols[i + 2]), word, count);
            }
            symbols[target++] = merged;
            i += 2;
        }
        lengths[word] = target - start;
    }

    /// The pair that is being merged is no longer counted.
    private void lose(long pair, int word, long count) {
        Occurrences found = pairs.get(pair);
        if (found != null) {
            found.add(word, -count);
        }
    }

    private void gain(long pair, int word, long count) {
        occurrences(pairs, pair).add(word, count);
        grown.add(pair);
    }

    private static long pair(int left, int right) {
        return ((long) left << 32) | right;
    }
}
