package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;

import java.util.List;

/// Which two neighbouring tokens become which one, and how urgently.
final class MergeTable {
    /// What [#find] returns where nothing is to be merged; larger than every merge.
    static final long NONE = LongMap.ABSENT;

    private final LongMap merges;

    /// @param lines `"left right"`, most urgent first; of two for the same pair the first counts
    /// @throws MalformedFileException if a line is not two tokens of the vocabulary whose joint text is a third
    MergeTable(List<String> lines, TokenIndex index) {
        merges = new LongMap(lines.size());
        for (int rank = 0; rank < lines.size(); rank++) {
            String line = lines.get(rank);
            int space = line.indexOf(' ');
            if (space <= 0 || space == line.length() - 1 || line.indexOf(' ', space + 1) >= 0) {
                throw malformed(rank, line, "expected two tokens with one space between them");
            }
            int left = index.find(line, 0, space);
            int right = index.find(line, space + 1, line.length());
            int merged = index.findWithout(line, space);
            if (left < 0 || right < 0 || merged < 0) {
                String which =
                        left < 0
                                ? "its first half"
                                : right < 0 ? "its second half" : "the merged token";
                throw malformed(rank, line, which + " is not in the vocabulary");
            }
            merges.putIfAbsent(pair(left, right), ((long) rank << 32) | merged);
        }
    }

    /// The merge of `left` and `right`: rank in the upper 32 bits, so that smaller is more urgent, and the merged
    /// token in the lower; or [#NONE].
    long find(int left, int right) {
        return merges.get(pair(left, right));
    }

    private static long pair(int left, int right) {
        return ((long) left << 32) | right;
    }

    private static MalformedFileException malformed(int rank, String line, String problem) {
        return new MalformedFileException(
                "merge %d of the tokenizer, %s: %s".formatted(rank, Quotation.of(line), problem));
    }
}
