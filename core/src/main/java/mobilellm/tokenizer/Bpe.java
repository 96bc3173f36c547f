package mobilellm.tokenizer;

import org.jspecify.annotations.Nullable;

/// Byte-pair encoding: a word's first symbols are merged, neighbour with neighbour, in the order the vocabulary learned.
/// Merging never crosses a word, so a word that was seen before needs no merging at all.
final class Bpe implements TextTokenizer.Model {
    /// What a word consists of before anything is merged.
    @FunctionalInterface
    interface Symbols {
        /// Writes the symbols of a word to the front of `symbols`, which has room for one a byte.
        ///
        /// @return how many there are
        int read(byte[] utf8, int from, int to, int[] symbols);
    }

    private final Symbols symbolsOf;
    private final MergeTable merges;
    private final int[] @Nullable [] ends;
    private final WordCache cache = new WordCache();

    Bpe(Symbols symbolsOf, MergeTable merges) {
        this(symbolsOf, merges, new int[0][]);
    }

    /// @param ends by symbol: what it becomes when nothing is left to be merged; null, or nothing, for itself
    Bpe(Symbols symbolsOf, MergeTable merges, int[] @Nullable [] ends) {
        this.symbolsOf = symbolsOf;
        this.merges = merges;
        this.ends = ends;
    }

    /// One symbol for each byte.
    ///
    /// @param tokenOfByte 256 ids; -1 for a byte that has no token and vanishes
    static Symbols bytes(int[] tokenOfByte) {
        return (utf8, from, to, symbols) -> {
            int count = 0;
            for (int i = from; i < to; i++) {
                int token = tokenOfByte[utf8[i] & 0xFF];
                if (token >= 0) {
                    symbols[count++] = token;
                }
            }
            return count;
        };
    }

    @Override
    public Stage.Sink encoder(IdList ids) {
        return new Encoder(ids);
    }

    private final class Encoder implements Stage.Sink {
        private final IdList target;
        private final WordMerger merger = new WordMerger(merges);

        /// The ids of the word at hand, in front.
        private int[] symbols = new int[WordCache.LONGEST];

        Encoder(IdList target) {
            this.target = target;
        }

        @Override
        public void accept(byte[] utf8, int from, int to, boolean first) {
            if (to - from > WordCache.LONGEST) {
                add(merge(utf8, from, to));
                return;
            }
            int[] known = cache.find(utf8, from, to);
            if (known == null) {
                IdList ids = new IdList(0);
                int count = merge(utf8, from, to);
                for (int i = 0; i < count; i++) {
                    end(symbols[i], ids);
                }
                known = ids.toArray();
                cache.put(utf8, from, to, known);
            }
            target.add(known, known.length);
        }

        private void add(int count) {
            if (ends.length == 0) {
                target.add(symbols, count);
                return;
            }
            for (int i = 0; i < count; i++) {
                end(symbols[i], target);
            }
        }

        private void end(int symbol, IdList ids) {
            int[] end = symbol < ends.length ? ends[symbol] : null;
            if (end == null) {
                ids.add(symbol);
            } else {
                ids.add(end, end.length);
            }
        }

        /// Writes the symbols of a word to `symbols`.
        ///
        /// @return how many there are
        private int merge(byte[] utf8, int from, int to) {
            if (to - from > symbols.length) {
                symbols = new int[to - from];
            }
            return merger.merge(symbols, symbolsOf.read(utf8, from, to, symbols));
        }
    }
}
