package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/// Byte-level byte-pair encoding, the tokenizer of GPT-2 and its descendants.
///
/// Text becomes UTF-8. Special tokens, where they are wanted, split it into stretches; the pre-tokenizer cuts each
/// stretch into words; the bytes of a word are its first symbols, and neighbours are merged in the order the
/// vocabulary learned them. Merging never crosses a word, so a word that was seen before needs no merging at all.
///
/// Everything but the cache is written by the constructor alone, and the cache bears races: one instance serves any
/// number of threads.
final class ByteLevelBpe implements Tokenizer {
    private static final int NORMAL = 1;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int BYTE = 6;

    /// Control tokens that end a turn or a text, whatever the file calls its `eos`: models of many families emit one
    /// of these where the file names another.
    private static final List<String> ENDINGS =
            List.of(
                    "<|endoftext|>",
                    "<|im_end|>",
                    "<|end_of_text|>",
                    "<|eot_id|>",
                    "<|eom_id|>",
                    "<|end|>",
                    "<end_of_turn>");

    private final List<String> tokens;
    private final BitSet special;
    private final TokenIndex index;
    private final MergeTable merges;
    private final PreTokenizer preTokenizer;
    private final SpecialTokens specialTokens;
    private final OptionalInt bos;
    private final boolean addBos;
    private final Set<Integer> endOfGeneration;

    /// By byte: its token, or -1.
    private final int[] tokenOfByte = new int[256];

    private final WordCache cache = new WordCache();

    ByteLevelBpe(BpeVocabulary vocabulary) {
        tokens = vocabulary.tokens();
        special = specialIds(vocabulary);
        bos = inVocabulary("beginning-of-sequence", vocabulary.bos());
        addBos = vocabulary.addBos();
        preTokenizer = PreTokenizer.named(vocabulary.preTokenizer());
        index = new TokenIndex(tokens);
        merges = new MergeTable(vocabulary.merges(), index);
        specialTokens = new SpecialTokens(tokens, special);
        endOfGeneration = endings(inVocabulary("end-of-sequence", vocabulary.eos()));
        findByteTokens();
    }

    private static BitSet specialIds(BpeVocabulary vocabulary) {
        int[] types = vocabulary.tokenTypes();
        if (types.length != vocabulary.tokens().size()) {
            throw new MalformedFileException(
                    "the tokenizer has %d tokens and %d token types; expected as many"
                            .formatted(vocabulary.tokens().size(), types.length));
        }
        BitSet special = new BitSet(types.length);
        for (int id = 0; id < types.length; id++) {
            if (types[id] < NORMAL || types[id] > BYTE) {
                throw new MalformedFileException(
                        "token %d of the tokenizer has type %d; expected 1 to 6"
                                .formatted(id, types[id]));
            }
            special.set(id, types[id] == CONTROL || types[id] == USER_DEFINED);
        }
        return special;
    }

    private OptionalInt inVocabulary(String role, OptionalInt id) {
        if (id.isPresent() && (id.getAsInt() < 0 || id.getAsInt() >= tokens.size())) {
            throw new MalformedFileException(
                    "the tokenizer's %s token is %d; expected an id of its vocabulary, 0 to %d"
                            .formatted(role, id.getAsInt(), tokens.size() - 1));
        }
        return id;
    }

    private Set<Integer> endings(OptionalInt eos) {
        Set<Integer> endings = new TreeSet<>();
        eos.ifPresent(endings::add);
        for (String ending : ENDINGS) {
            int id = index.find(ending, 0, ending.length());
            if (id >= 0 && special.get(id)) {
                endings.add(id);
            }
        }
        return Collections.unmodifiableSet(endings);
    }

    private void findByteTokens() {
        int found = 0;
        for (int value = 0; value < 256; value++) {
            tokenOfByte[value] = index.find(String.valueOf(ByteAlphabet.characterOf(value)), 0, 1);
            found += tokenOfByte[value] >= 0 ? 1 : 0;
        }
        if (found == 0) {
            throw new MalformedFileException(
                    "the tokenizer claims byte-level BPE, but none of the 256 bytes has a token among its %d"
                            .formatted(tokens.size()));
        }
    }

    @Override
    public int vocabularySize() {
        return tokens.size();
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        byte[] utf8 = Utf8.encode(text);
        IdList ids = new IdList(utf8.length / 3);
        WordEncoder words = new WordEncoder(utf8, ids);
        int from = 0;
        while (from < utf8.length) {
            int end = parseSpecial ? specialTokens.find(utf8, from) : utf8.length;
            words.encode(from, end);
            from = end;
            if (end < utf8.length) {
                int id = specialTokens.match(utf8, end);
                ids.add(id);
                from += Utf8.encode(tokens.get(id)).length;
            }
        }
        return ids.toArray();
    }

    /// One call of [#encode]: its text, its scratch memory, its result.
    private final class WordEncoder {
        private final byte[] utf8;
        private final IdList ids;
        private final WordMerger merger = new WordMerger(merges);
        private int[] symbols = new int[WordCache.LONGEST];

        WordEncoder(byte[] utf8, IdList ids) {
            this.utf8 = utf8;
            this.ids = ids;
        }

        void encode(int from, int to) {
            int word = from;
            while (word < to) {
                int end = preTokenizer.endOfWord(utf8, word, to);
                if (end - word > WordCache.LONGEST) {
                    int count = merge(word, end);
                    ids.add(symbols, count);
                } else {
                    int[] known = cache.find(utf8, word, end);
                    if (known == null) {
                        int count = merge(word, end);
                        known = Arrays.copyOf(symbols, count);
                        cache.put(utf8, word, end, known);
                    }
                    ids.add(known, known.length);
                }
                word = end;
            }
        }

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

    @Override
    public String decode(int[] ids, boolean skipSpecial) {
        Utf8Decoder decoder = new Utf8Decoder();
        StringBuilder text = new StringBuilder(ids.length * 4);
        for (int id : ids) {
            append(id, skipSpecial, decoder, text);
        }
        decoder.finish(text);
        return text.toString();
    }

    @Override
    public String piece(int id) {
        return decode(new int[] {id}, false);
    }

    @Override
    public StreamingDecoder streamingDecoder(boolean skipSpecial) {
        Utf8Decoder decoder = new Utf8Decoder();
        StringBuilder text = new StringBuilder();
        return new StreamingDecoder() {
            @Override
            public String accept(int id) {
                append(id, skipSpecial, decoder, text);
                return take();
            }

            @Override
            public String finish() {
                decoder.finish(text);
                return take();
            }

            private String take() {
                String taken = text.toString();
                text.setLength(0);
                return taken;
            }
        };
    }

    private void append(int id, boolean skipSpecial, Utf8Decoder decoder, StringBuilder target) {
        String token = tokens.get(Objects.checkIndex(id, tokens.size()));
        boolean isSpecial = special.get(id);
        if (isSpecial && skipSpecial) {
            return;
        }
        if (isSpecial || !ByteAlphabet.spells(token)) {
            for (byte next : Utf8.encode(token)) {
                decoder.accept(next, target);
            }
        } else {
            for (int i = 0; i < token.length(); i++) {
                decoder.accept((byte) ByteAlphabet.byteOf(token.charAt(i)), target);
            }
        }
    }

    @Override
    public boolean isSpecial(int id) {
        return special.get(Objects.checkIndex(id, tokens.size()));
    }

    @Override
    public OptionalInt idOf(String token) {
        int id = index.find(token, 0, token.length());
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public OptionalInt bos() {
        return bos;
    }

    @Override
    public boolean addBos() {
        return addBos;
    }

    @Override
    public Set<Integer> endOfGeneration() {
        return endOfGeneration;
    }
}
