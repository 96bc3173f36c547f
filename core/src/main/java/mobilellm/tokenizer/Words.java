package mobilellm.tokenizer;

import java.util.Arrays;

/// Stretches of text to ids: word by word, known words from the cache.
final class Words {
    private final PreTokenizer preTokenizer;
    private final int[] tokenOfByte;
    private final MergeTable merges;
    private final WordCache cache = new WordCache();

    /// @param tokenOfByte 256 ids; -1 for a byte that has no token and vanishes
    Words(PreTokenizer preTokenizer, int[] tokenOfByte, MergeTable merges) {
        this.preTokenizer = preTokenizer;
        this.tokenOfByte = tokenOfByte;
        this.merges = merges;
    }

    /// For one text and one thread.
    ///
    /// @param utf8 well-formed
    /// @param target takes the ids
    Encoder encoder(byte[] utf8, IdList target) {
        return new Encoder(utf8, target);
    }

    final class Encoder {
        private final byte[] utf8;
        private final IdList target;
        private final WordMerger merger = new WordMerger(merges);

        /// The ids of the word at hand, in front.
        private int[] symbols = new int[WordCache.LONGEST];

        private Encoder(byte[] utf8, IdList target) {
            this.utf8 = utf8;
            this.target = target;
        }

        /// Adds the ids of one stretch of the text; neither words nor patterns see beyond its ends.
        void encode(int from, int to) {
            int word = from;
            while (word < to) {
                int end = preTokenizer.endOfWord(utf8, word, to);
                if (end - word <= WordCache.LONGEST) {
                    int[] known = cache.find(utf8, word, end);
                    if (known == null) {
                        int count = merge(word, end);
                        known = Arrays.copyOf(symbols, count);
                        cache.put(utf8, word, end, known);
                    }
                    target.add(known, known.length);
                } else {
                    int count = merge(word, end);
                    target.add(symbols, count);
                }
                word = end;
            }
        }

        /// Writes the ids of a word to `symbols`.
        ///
        /// @return how many there are
        private int merge(int from, int to) {
            if (to - from > symbols.length) {
                symbols = new int[to - from];
            }
            int count = 0;
            for (int i = from; i < to; i++) {
                int token = tokenOfByte[utf8[i] & 0xFF];
                if (token >= 0) {
                    symbols[count++] = token;
                }
            }
            return merger.merge(symbols, count);
        }
    }
}
