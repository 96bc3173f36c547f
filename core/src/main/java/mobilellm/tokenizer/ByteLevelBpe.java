package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;

import java.util.BitSet;
import java.util.List;

/// Byte-level byte-pair encoding, the tokenizer of GPT-2 and its descendants: the first symbols of a word are the
/// bytes of its UTF-8, and a vocabulary is written in [ByteAlphabet].
final class ByteLevelBpe {
    private ByteLevelBpe() {}

    static Tokenizer of(BpeVocabulary source) {
        source.check();
        List<String> tokens = source.tokens();
        BitSet special = source.special();
        TokenIndex index = new TokenIndex(tokens);
        PreTokenizer preTokenizer = PreTokenizer.named(source.preTokenizer());
        Bpe.Symbols symbols = Bpe.bytes(byteTokens(index, special));
        if (source.ignoreMerges()) {
            symbols = wholeWords(symbols, index, special);
        }
        return new TextTokenizer(
                new Vocabulary(
                        tokens, index, special, source.bos(), source.eos(), source.addBos(), false),
                new AddedTokens(source.added()),
                Stage.none(),
                new AddedTokens(List.of()),
                preTokenizer.stage(),
                new Bpe(symbols, MergeTable.ofLines(source.merges(), index, special)),
                new Detokenizer(id -> bytes(tokens.get(id), special.get(id)), special, 0));
    }

    /// By byte: its token, or -1.
    static int[] byteTokens(TokenIndex index, BitSet special) {
        int[] tokenOfByte = new int[256];
        int found = 0;
        for (int value = 0; value < 256; value++) {
            int id = index.find(String.valueOf(ByteAlphabet.characterOf(value)));
            tokenOfByte[value] = id >= 0 && special.get(id) ? -1 : id;
            found += tokenOfByte[value] >= 0 ? 1 : 0;
        }
        if (found == 0) {
            throw new MalformedFileException(
                    "the tokenizer claims byte-level BPE, but none of the 256 bytes has a token among its %d"
                            .formatted(index.size()));
        }
        return tokenOfByte;
    }

    /// A word that is itself a token is that token, whatever merges would make of it (`ignore_merges`).
    static Bpe.Symbols wholeWords(Bpe.Symbols others, TokenIndex index, BitSet special) {
        return (utf8, from, to, symbols) -> {
            char[] word = new char[to - from];
            for (int i = from; i < to; i++) {
                word[i - from] = ByteAlphabet.characterOf(utf8[i] & 0xFF);
            }
            int id = index.find(String.valueOf(word));
            if (id < 0 || special.get(id)) {
                return others.read(utf8, from, to, symbols);
            }
            symbols[0] = id;
            return 1;
        };
    }

    /// What a token says. One that is not written in the alphabet says its own text, as in the Hugging Face library.
    static byte[] bytes(String token, boolean special) {
        if (special || !ByteAlphabet.spells(token)) {
            return Utf8.encode(token);
        }
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ByteAlphabet.byteOf(token.charAt(i));
        }
        return bytes;
    }
}
