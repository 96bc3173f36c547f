package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;

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
/// Everything but the cache of words is written by the constructor alone, and that cache bears races: one instance
/// serves any number of threads.
final class ByteLevelBpe implements Tokenizer {
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
    private final SpecialTokens specialTokens;
    private final Words words;
    private final OptionalInt bos;
    private final boolean addBos;
    private final OptionalInt eos;
    private final Set<Integer> endOfGeneration;

    ByteLevelBpe(BpeVocabulary vocabulary) {
        vocabulary.check();
        tokens = vocabulary.tokens();
        special = vocabulary.special();
        bos = vocabulary.bos();
        addBos = vocabulary.addBos();
        index = new TokenIndex(tokens);
        words =
                new Words(
                        PreTokenizer.named(vocabulary.preTokenizer()),
                        byteTokens(),
                        new MergeTable(vocabulary.merges(), index));
        specialTokens = new SpecialTokens(tokens, special);
        eos = vocabulary.eos();
        endOfGeneration = endings();
    }

    private Set<Integer> endings() {
        Set<Integer> endings = new TreeSet<>();
        eos.ifPresent(endings::add);
        for (String ending : ENDINGS) {
            int id = index.find(ending);
            if (id >= 0 && special.get(id)) {
                endings.add(id);
            }
        }
        return Collections.unmodifiableSet(endings);
    }

    private int[] byteTokens() {
        int[] tokenOfByte = new int[256];
        int found = 0;
        for (int value = 0; value < 256; value++) {
            tokenOfByte[value] = index.find(String.valueOf(ByteAlphabet.characterOf(value)));
            found += tokenOfByte[value] >= 0 ? 1 : 0;
        }
        if (found == 0) {
            throw new MalformedFileException(
                    "the tokenizer claims byte-level BPE, but none of the 256 bytes has a token among its %d"
                            .formatted(tokens.size()));
        }
        return tokenOfByte;
    }

    @Override
    public int vocabularySize() {
        return tokens.size();
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        byte[] utf8 = Utf8.encode(text);
        IdList ids = new IdList(utf8.length / 3);
        Words.Encoder encoder = words.encoder(utf8, ids);
        int from = 0;
        while (from < utf8.length) {
            int end = parseSpecial ? specialTokens.find(utf8, from) : utf8.length;
            encoder.encode(from, end);
            from = end;
            if (end < utf8.length) {
                int id = specialTokens.match(utf8, end);
                ids.add(id);
                from += Utf8.encode(tokens.get(id)).length;
            }
        }
        return ids.toArray();
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
        int id = index.find(token);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public OptionalInt bos() {
        return bos;
    }

    @Override
    public OptionalInt eos() {
        return eos;
    }

    @Override
    public boolean addBos() {
        return addBos;
    }

    @Override
    public boolean addEos() {
        return false;
    }

    @Override
    public Set<Integer> endOfGeneration() {
        return endOfGeneration;
    }
}
