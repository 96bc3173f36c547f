package mobilellm.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/// Finds the special tokens of a vocabulary in text: a trie over their UTF-8 bytes. The leftmost match counts, and of
/// several there the longest.
final class SpecialTokens {
    private static final int ROOT = 0;

    /// (node, byte) to node.
    private final LongMap children;

    /// By node: the token that ends there, or -1.
    private final int[] tokenAt;

    /// By byte: whether a token begins with it.
    private final boolean[] begins = new boolean[256];

    SpecialTokens(List<String> tokens, BitSet special) {
        int[] ids = special.stream().toArray();
        byte[][] texts = new byte[ids.length][];
        int totalBytes = 0;
        for (int i = 0; i < ids.length; i++) {
            texts[i] = Utf8.encode(tokens.get(ids[i]));
            totalBytes = Math.addExact(totalBytes, texts[i].length);
        }
        children = new LongMap(totalBytes);
        tokenAt = new int[totalBytes + 1];
        Arrays.fill(tokenAt, -1);
        int nodes = 1;
        for (int i = 0; i < ids.length; i++) {
            int node = ROOT;
            for (byte next : texts[i]) {
                if (children.putIfAbsent(edge(node, next), nodes)) {
                    nodes++;
                }
                node = (int) children.get(edge(node, next));
            }
            if (node != ROOT) { // an empty token is nowhere in a text
                tokenAt[node] = ids[i];
                begins[texts[i][0] & 0xFF] = true;
            }
        }
    }

    /// Where the next special token begins at or after `from`, or the length of `utf8`.
    int find(byte[] utf8, int from) {
        int index = from;
        while (index < utf8.length && (!begins[utf8[index] & 0xFF] || match(utf8, index) < 0)) {
            index++;
        }
        return index;
    }

    /// The longest special token at `from`, or -1.
    int match(byte[] utf8, int from) {
        int longest = -1;
        long node = ROOT;
        for (int index = from; index < utf8.length; index++) {
            node = children.get(edge((int) node, utf8[index]));
            if (node == LongMap.ABSENT) {
                break;
            }
            if (tokenAt[(int) node] >= 0) {
                longest = tokenAt[(int) node];
            }
        }
        return longest;
    }

    private static long edge(int node, byte next) {
        return ((long) node << 8) | (next & 0xFF);
    }
}
