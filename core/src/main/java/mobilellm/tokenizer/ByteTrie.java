package mobilellm.tokenizer;

import mobilellm.tensor.UnsupportedModelException;

import java.util.Arrays;

/// A trie over the bytes of tokens: which of them begin at a place of a text.
final class ByteTrie {
    static final int ROOT = 0;

    /// No such node, no such token.
    static final int NONE = -1;

    /// Longer tokens are refused: each place of a text is compared with as much of them as fits.
    private static final int LONGEST = 1_024;

    /// (node, byte) to node.
    private final LongMap children;

    /// By node: the token that ends there, or -1.
    private final int[] tokenAt;

    /// By byte: whether a token begins with it.
    private final boolean[] begins = new boolean[256];

    /// @param texts UTF-8; empty ones are nowhere in a text, and of equal ones the last counts
    /// @param ids by text
    ByteTrie(byte[][] texts, int[] ids) {
        int totalBytes = 0;
        for (byte[] text : texts) {
            if (text.length > LONGEST) {
                throw new UnsupportedModelException(
                        "a token of the tokenizer has %d bytes; at most %d are supported"
                                .formatted(text.length, LONGEST));
            }
            totalBytes = Math.addExact(totalBytes, text.length);
        }
        children = new LongMap(totalBytes);
        tokenAt = new int[totalBytes + 1];
        Arrays.fill(tokenAt, NONE);
        int nodes = 1;
        for (int i = 0; i < texts.length; i++) {
            int node = ROOT;
            for (byte next : texts[i]) {
                if (children.putIfAbsent(edge(node, next), nodes)) {
                    nodes++;
                }
                node = child(node, next);
            }
            if (node != ROOT) {
                tokenAt[node] = ids[i];
                begins[texts[i][0] & 0xFF] = true;
            }
        }
    }

    /// The node behind `node` over the byte `next`, or [#NONE].
    int child(int node, byte next) {
        long child = children.get(edge(node, next));
        return child == LongMap.ABSENT ? NONE : (int) child;
    }

    /// The token that ends at `node`, or [#NONE].
    int tokenAt(int node) {
        return tokenAt[node];
    }

    /// Where the longest token ends that begins at `from`, or -1.
    int match(byte[] utf8, int from, int to) {
        int longest = NONE;
        if (begins[utf8[from] & 0xFF]) {
            int node = ROOT;
            for (int index = from; index < to; index++) {
                node = child(node, utf8[index]);
                if (node == NONE) {
                    break;
                }
                if (tokenAt[node] != NONE) {
                    longest = index + 1;
                }
            }
        }
        return longest;
    }

    /// The token that is exactly this text, or [#NONE].
    int find(byte[] utf8, int from, int to) {
        int node = ROOT;
        for (int index = from; index < to && node != NONE; index++) {
            node = child(node, utf8[index]);
        }
        return node == NONE ? NONE : tokenAt[node];
    }

    private static long edge(int node, byte next) {
        return ((long) node << 8) | (next & 0xFF);
    }
}
