package mobilellm.tokenizer;

import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Makes a tokenizer of a SentencePiece vocabulary (Kudo and Richardson 2018).
///
/// `legacy` is about what follows a special token. Hugging Face's slow LlamaTokenizer gives every stretch between
/// special tokens to SentencePiece as a text of its own, which puts a space in front of it; with `legacy=False` only the
/// beginning of the whole text gets one.
final class SentencePiece {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int BYTE = 6;

    private final SentencePieceVocabulary source;
    private final List<String> pieces;
    private final BitSet special;
    private final int[] bytes;
    private final int unknown;

    /// The ids of pieces that text becomes: normal, user-defined and, on the way to others, unused ones.
    private final BitSet spoken = new BitSet();

    private final BitSet unused = new BitSet();
    private final List<AddedTokens.Token> control = new ArrayList<>();
    private final List<AddedTokens.Token> userDefined = new ArrayList<>();

    private SentencePiece(SentencePieceVocabulary source) {
        this.source = source;
        pieces = source.pieces();
        special = new BitSet(pieces.size());
        check();
        int unknownId = -1;
        for (int id = 0; id < pieces.size(); id++) {
            switch (source.types()[id]) {
                case NORMAL -> spoken.set(id);
                case UNUSED -> {
                    spoken.set(id);
                    unused.set(id);
                }
                case UNKNOWN -> {
                    unknownId = id;
                    addSpecial(id);
                }
                case CONTROL -> addSpecial(id);
                case USER_DEFINED -> {
                    if (Vocabulary.isMarkup(pieces.get(id))) {
                        addSpecial(id);
                    } else {
                        spoken.set(id);
                        userDefined.add(new AddedTokens.Token(id, pieces.get(id), false));
                    }
                }
                case BYTE -> {}
                default ->
                        throw new MalformedFileException(
                                "piece %d of the tokenizer has type %d; expected 1 to 6"
                                        .formatted(id, source.types()[id]));
            }
        }
        unknown = unknownId;
        bytes = bytePieces();
    }

    static Tokenizer of(SentencePieceVocabulary source) {
        return new SentencePiece(source).build();
    }

    private void addSpecial(int id) {
        special.set(id);
        control.add(new AddedTokens.Token(id, pieces.get(id), true));
    }

    private void check() {
        int count = pieces.size();
        if (source.scores().length != count || source.types().length != count) {
            throw new MalformedFileException(
                    "the tokenizer has %d pieces, %d scores and %d types; expected one of each for every piece"
                            .formatted(count, source.scores().length, source.types().length));
        }
        for (int id = 0; id < count; id++) {
            if (Float.isNaN(source.scores()[id])) {
                throw new MalformedFileException(
                        "piece %d of the tokenizer has a score that is not a number".formatted(id));
            }
        }
    }

    /// By byte: its piece. Empty if there are none; some without the others are refused.
    private int[] bytePieces() {
        int[] found = new int[256];
        Arrays.fill(found, -1);
        int count = 0;
        for (int id = 0; id < pieces.size(); id++) {
            if (source.types()[id] == BYTE) {
                int value = byteOf(pieces.get(id));
                if (value < 0) {
                    throw new MalformedFileException(
                            "piece %d of the tokenizer, %s, is of type byte; expected <0x00> to <0xFF>"
                                    .formatted(id, Printable.quote(pieces.get(id))));
                }
                count += found[value] < 0 ? 1 : 0;
                found[value] = id;
            }
        }
        if (count != 0 && count != 256) {
            throw new MalformedFileException(
                    "the tokenizer has pieces for %d bytes; expected none or 256".formatted(count));
        }
        return count == 0 ? new int[0] : found;
    }

    /// The byte that `<0x41>` stands for, or -1.
    static int byteOf(String piece) {
        if (piece.length() != 6 || !piece.startsWith("<0x") || piece.charAt(5) != '>') {
            return -1;
        }
        int high = Character.digit(piece.charAt(3), 16);
        int low = Character.digit(piece.charAt(4), 16);
        return high < 0 || low < 0 ? -1 : 16 * high + low;
    }

    private Tokenizer build() {
        TokenIndex index = new TokenIndex(pieces);
        Vocabulary vocabulary =
                new Vocabulary(
                        pieces,
                        index,
                        special,
                        source.bos(),
                        source.eos(),
                        source.addBos(),
                        source.addEos());
        SentencePieceVocabulary.Normalisation rules = source.normalisation();
        ByteTrie untouched =
                new ByteTrie(
                        userDefined.stream()
                                .map(token -> Utf8.encode(token.text()))
                                .toArray(byte[][]::new),
                        userDefined.stream().mapToInt(AddedTokens.Token::id).toArray());
        boolean bpe = source.algorithm() == SentencePieceVocabulary.Algorithm.BPE;
        int leadingSpaces =
                rules.removeExtraWhitespaces()
                        ? Integer.MAX_VALUE
                        : rules.addDummyPrefix() && !rules.whitespaceAsSuffix() ? 1 : 0;
        return new TextTokenizer(
                vocabulary,
                new AddedTokens(control),
                new SentencePieceNormaliser(rules, untouched, source.legacy()),
                new AddedTokens(bpe ? userDefined : List.of()),
                bpe ? words() : Stage.none(),
                bpe ? merging() : unigram(),
                new Detokenizer(this::said, special, leadingSpaces));
    }

    /// Where no piece has a space behind another character, nothing is ever merged across such a place: words end
    /// there, and the result is the same.
    private Stage words() {
        for (int id = spoken.nextSetBit(0); id >= 0; id = spoken.nextSetBit(id + 1)) {
            String piece = pieces.get(id);
            for (int space = piece.lastIndexOf('▁'); space > 0; space--) {
                if (piece.charAt(space) == '▁' && piece.charAt(space - 1) != '▁') {
                    return Stage.none();
                }
            }
        }
        return Split.isolating("▁*[^▁]+");
    }

    private Bpe merging() {
        TokenIndex index = new TokenIndex(pieces, spoken);
        ScoredMerges merges = new ScoredMerges(pieces, source.scores(), spoken, index);
        Map<Integer, Integer> characters = new HashMap<>(merges.strangers());
        for (int id = spoken.nextSetBit(0); id >= 0; id = spoken.nextSetBit(id + 1)) {
            String piece = pieces.get(id);
            if (!piece.isEmpty() && piece.length() == Character.charCount(piece.codePointAt(0))) {
                characters.put(piece.codePointAt(0), index.find(piece));
            }
        }
        CharacterSymbols symbols = new CharacterSymbols(characters, bytes, unknown, true);
        CharacterSymbols known = new CharacterSymbols(Map.of(), bytes, unknown, true);
        Function<String, int[]> fallBack =
                character -> {
                    byte[] utf8 = Utf8.encode(character);
                    int[] ids = new int[utf8.length];
                    return Arrays.copyOf(ids, known.read(utf8, 0, utf8.length, ids));
                };
        return new Bpe(symbols, merges.table(), merges.ends(unused, symbols, fallBack));
    }

    private Unigram unigram() {
        BitSet said = (BitSet) spoken.clone();
        said.andNot(unused);
        int[] ids = said.stream().toArray();
        byte[][] texts = new byte[ids.length][];
        double[] scores = new double[ids.length];
        boolean[] defined = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            texts[i] = Utf8.encode(pieces.get(ids[i]));
            scores[i] = source.scores()[ids[i]];
            defined[i] = source.types()[ids[i]] == USER_DEFINED;
        }
        return new Unigram(new Unigram.Pieces(ids, texts, scores, defined, true), unknown, bytes);
    }

    private byte[] said(int id) {
        String piece = pieces.get(id);
        return source.types()[id] == BYTE
                ? new byte[] {(byte) byteOf(piece)}
                : Utf8.encode(special.get(id) ? piece : piece.replace('▁', ' '));
    }
}
