package mobilellm.tokenizer;

import mobilellm.tensor.UnsupportedModelException;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// SentencePiece's BPE has no list of merges: two neighbours become the piece that their joint text is, the best score
/// first and the leftmost of equals. Here that is a table of merges like any other: every way to cut a piece into two.
///
/// Characters that are no pieces themselves but occur in pieces get symbols of their own, behind the ids.
final class ScoredMerges {
    /// Longer pieces are refused: each is cut at every place, and no vocabulary has them.
    private static final int LONGEST_PIECE = 128;

    private final List<String> pieces;
    private final TokenIndex index;
    private final Map<Integer, Integer> strangers = new LinkedHashMap<>();
    private final MergeTable table;

    /// @param spoken the ids of pieces that text becomes
    /// @param index of the pieces, in which those that are not spoken are not found
    ScoredMerges(List<String> pieces, float[] scores, BitSet spoken, TokenIndex index) {
        this.pieces = pieces;
        this.index = index;
        int[] ranks = ranks(scores);
        int cuts = spoken.stream().map(id -> cuts(id)).reduce(0, Math::addExact);
        table = new MergeTable(cuts);
        spoken.stream().forEach(id -> add(id, ranks[id]));
    }

    /// By id: 0 for the best score, 1 for the next; equal scores have equal ranks.
    private static int[] ranks(float[] scores) {
        double[] ascending = new double[scores.length];
        for (int id = 0; id < scores.length; id++) {
            ascending[id] = scores[id] + 0.0; // -0 is as good as 0
        }
        double[] distinct = Arrays.stream(ascending).sorted().distinct().toArray();
        int[] ranks = new int[scores.length];
        for (int id = 0; id < scores.length; id++) {
            ranks[id] = distinct.length - 1 - Arrays.binarySearch(distinct, ascending[id]);
        }
        return ranks;
    }

    private int cuts(int id) {
        int length = pieces.get(id).length();
        if (length > LONGEST_PIECE) {
            throw new UnsupportedModelException(
                    "piece %d of the tokenizer has %d characters; at most %d are supported"
                            .formatted(id, length, LONGEST_PIECE));
        }
        return Math.max(0, length - 1);
    }

    private void add(int id, int rank) {
        byte[] text = Utf8.encode(pieces.get(id));
        for (int middle = first(text); middle < text.length; middle += Utf8.length(text[middle])) {
            int left = symbol(text, 0, middle);
            if (left >= 0) {
                int right = symbol(text, middle, text.length);
                if (right >= 0) {
                    table.add(rank, left, right, id);
                }
            }
        }
    }

    /// Bytes of the first character.
    private static int first(byte[] text) {
        return text.length == 0 ? 0 : Utf8.length(text[0]);
    }

    private int symbol(byte[] text, int from, int to) {
        int id = index.find(text, from, to);
        if (id >= 0) {
            return id;
        }
        return to - from == Utf8.length(text[from])
                ? strangers.computeIfAbsent(
                        Utf8.codePoint(text, from), _ -> pieces.size() + strangers.size())
                : -1;
    }

    MergeTable table() {
        return table;
    }

    /// By code point: the symbol of a character that is no piece.
    Map<Integer, Integer> strangers() {
        return strangers;
    }

    /// What symbols become in the end that are no token: a piece of type unused the two that were merged last, and so
    /// on; a character that is no piece what `unknown` makes of it. By symbol; null for itself, empty if there are none.
    ///
    /// @param symbols what a text consists of before merging
    int[] @Nullable [] ends(BitSet unused, Bpe.Symbols symbols, Function<String, int[]> unknown) {
        int size = strangers.isEmpty() ? unused.length() : pieces.size() + strangers.size();
        int[] @Nullable [] ends = new int[size][];
        strangers.forEach(
                (codePoint, symbol) -> ends[symbol] = unknown.apply(Character.toString(codePoint)));
        unused.stream()
                .boxed()
                .sorted(Comparator.comparingInt(id -> pieces.get(id).length()))
                .forEach(id -> ends[id] = steps(id, symbols, ends));
        return ends;
    }

    /// The parts of a piece, which are shorter, in their turn as they end.
    private int @Nullable [] steps(int id, Bpe.Symbols symbols, int[] @Nullable [] ends) {
        byte[] text = Utf8.encode(pieces.get(id));
        int[] word = new int[text.length];
        int count = mergeAllBut(id, word, symbols.read(text, 0, text.length, word));
        if (count < 2) {
            return null;
        }
        IdList parts = new IdList(count);
        for (int i = 0; i < count; i++) {
            int[] end = word[i] < ends.length ? ends[word[i]] : null;
            if (end == null) {
                parts.add(word[i]);
            } else {
                parts.add(end, end.length);
            }
        }
        return parts.toArray();
    }

    private int mergeAllBut(int id, int[] word, int length) {
        int count = length;
        while (true) {
            long best = MergeTable.NONE;
            int place = 0;
            for (int i = 0; i + 1 < count; i++) {
                long merge = table.find(word[i], word[i + 1]);
                if (merge < best && (int) merge != id) {
                    best = merge;
                    place = i;
                }
            }
            if (best == MergeTable.NONE) {
                return count;
            }
            word[place] = (int) best;
            System.arraycopy(word, place + 2, word, place + 1, count - place - 2);
            count--;
        }
    }
}
