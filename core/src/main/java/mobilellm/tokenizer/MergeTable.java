package mobilellm.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.file.Printable;
import mobilellm.file.TextList;
import mobilellm.tensor.MalformedFileException;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/// Which two neighbouring tokens become which one, and how urgently.
final class MergeTable {
    /// What [#find] returns where nothing is to be merged; larger than every merge.
    static final long NONE = LongMap.ABSENT;

    private final LongMap merges;

    /// @param capacity how many merges will be added at most
    MergeTable(int capacity) {
        merges = new LongMap(capacity);
    }

    /// @param lines `"left right"`, most urgent first; of two for the same pair the first counts
    /// @param special tokens that no text becomes: a merge that makes one is left out
    /// @throws MalformedFileException if a line is not two tokens of the vocabulary whose joint text is a third
    static MergeTable ofLines(List<String> lines, TokenIndex index, BitSet special) {
        MergeTable table = new MergeTable(lines.size());
        TextList texts = Utf8.list(lines);
        byte[] scratch = {};
        for (int rank = 0; rank < texts.size(); rank++) {
            int length = texts.length(rank);
            if (length > scratch.length) {
                scratch = new byte[2 * length];
            }
            System.arraycopy(texts.utf8(), texts.start(rank), scratch, 0, length);
            int space = endOfToken(scratch, 0, length);
            int end = endOfToken(scratch, space + 1, length);
            if (space == 0 || space + 1 >= length || end < length) {
                throw malformed(
                        rank, texts.get(rank), "expected two tokens with one space between them");
            }
            System.arraycopy(scratch, space + 1, scratch, space, length - space - 1);
            table.add(rank, scratch, space, length - 1, index, special);
        }
        return table;
    }

    /// @param pairs left and right, in turn; otherwise as [#ofLines], and tokens may contain spaces
    static MergeTable ofPairs(List<String> pairs, TokenIndex index, BitSet special) {
        MergeTable table = new MergeTable(pairs.size() / 2);
        for (int i = 0; i + 1 < pairs.size(); i += 2) {
            byte[] left = Utf8.encode(pairs.get(i));
            byte[] right = Utf8.encode(pairs.get(i + 1));
            byte[] merged = Arrays.copyOf(left, left.length + right.length);
            System.arraycopy(right, 0, merged, left.length, right.length);
            table.add(i / 2, merged, left.length, merged.length, index, special);
        }
        return table;
    }

    /// The merge of `left` and `right`: rank in the upper 32 bits, so that smaller is more urgent, and the merged
    /// token in the lower; or [#NONE].
    long find(int left, int right) {
        return merges.get(pair(left, right));
    }

    /// @param merged the UTF-8 of the merge, cut at `middle`
    private void add(
            int rank, byte[] merged, int middle, int to, TokenIndex index, BitSet special) {
        int left = index.find(merged, 0, middle);
        int right = index.find(merged, middle, to);
        int whole = index.find(merged, 0, to);
        if (left < 0 || right < 0 || whole < 0) {
            String missing =
                    left < 0
                            ? "its first half"
                            : right < 0 ? "its second half" : "the merged token";
            String line =
                    new String(merged, 0, middle, UTF_8)
                            + " "
                            + new String(merged, middle, to - middle, UTF_8);
            throw malformed(rank, line, missing + " is not in the vocabulary");
        }
        if (!special.get(whole)) {
            add(rank, left, right, whole);
        }
    }

    /// Of two merges of the same pair the first counts.
    void add(int rank, int left, int right, int merged) {
        merges.putIfAbsent(pair(left, right), ((long) rank << 32) | merged);
    }

    private static int endOfToken(byte[] line, int from, int length) {
        int end = from;
        while (end < length && line[end] != ' ') {
            end++;
        }
        return end;
    }

    private static long pair(int left, int right) {
        return ((long) left << 32) | right;
    }

    private static MalformedFileException malformed(int rank, String line, String problem) {
        return new MalformedFileException(
                "merge %d of the tokenizer, %s: %s"
                        .formatted(rank, Printable.quote(line), problem));
    }
}
