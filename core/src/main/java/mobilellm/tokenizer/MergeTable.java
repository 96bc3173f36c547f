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
        int longest = 0;
        for (String line : lines) {
            longest = Math.max(longest, line.length());
        }
        char[] scratch = new char[longest];
        for (int rank = 0; rank < lines.size(); rank++) {
            add(rank, lines.get(rank), scratch, index);
        }
    }

    /// The merge of `left` and `right`: rank in the upper 32 bits, so that smaller is more urgent, and the merged
    /// token in the lower; or [#NONE].
    long find(int left, int right) {
        return merges.get(pair(left, right));
    }

    private void add(int rank, String line, char[] scratch, TokenIndex index) {
        int length = line.length();
        line.getChars(0, length, scratch, 0);
        int space = endOfToken(scratch, 0, length);
        int end = endOfToken(scratch, space + 1, length);
        if (space == 0 || space + 1 >= length || end < length) {
            throw malformed(rank, line, "expected two tokens with one space between them");
        }
        int left = index.find(scratch, 0, space);
        int right = index.find(scratch, space + 1, length);
        System.arraycopy(scratch, space + 1, scratch, space, length - space - 1);
        int merged = index.find(scratch, 0, length - 1);
        if (left < 0 || right < 0 || merged < 0) {
            String missing =
                    left < 0
                            ? "its first half"
                            : right < 0 ? "its second half" : "the merged token";
            throw malformed(rank, line, missing + " is not in the vocabulary");
        }
        merges.putIfAbsent(pair(left, right), ((long) rank << 32) | merged);
    }

    private static int endOfToken(char[] line, int from, int length) {
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
                "merge %d of the tokenizer, %s: %s".formatted(rank, Quotation.of(line), problem));
    }
}
