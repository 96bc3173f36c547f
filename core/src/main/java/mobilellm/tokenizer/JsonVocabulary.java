package mobilellm.tokenizer;

import mobilellm.file.Printable;
import mobilellm.tensor.UnsupportedModelException;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// A `tokenizer.json` as a vocabulary in the sense of GGUF files: which ids, merges or scores, and which of the rules
/// that have a name there. A file that does what no rule does is refused, never taken for something near.
final class JsonVocabulary {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int BYTE = 6;

    private final TokenizerJson file;
    private final TokenizerOptions options;
    private final Tokenizer tokenizer;
    private final JsonTree model;

    private JsonVocabulary(TokenizerJson file, TokenizerOptions options) {
        this.file = file;
        this.options = options;
        this.tokenizer = JsonTokenizer.of(file, options);
        this.model = file.components().getOrDefault("model", JsonTree.none("model"));
    }

    /// @throws UnsupportedModelException if the file does what a vocabulary cannot say; the message names it
    static TokenizerVocabulary of(TokenizerJson file, TokenizerOptions options) {
        return new JsonVocabulary(file, options).vocabulary();
    }

    private TokenizerVocabulary vocabulary() {
        if (!file.pieces().isEmpty()) {
            throw model.unsupported(
                    "a unigram model outside tokenizer.json (its tokenizer.model in place of that"
                            + " file would do)");
        }
        Optional<JsonTree> words = component("pre_tokenizer");
        return words.isPresent() ? byteLevel(words.get()) : sentencePiece();
    }

    private Optional<JsonTree> component(String name) {
        return Optional.ofNullable(file.components().get(name));
    }

    private BpeVocabulary byteLevel(JsonTree words) {
        component("normalizer").ifPresent(JsonVocabulary::requireHarmless);
        List<String> patterns = patterns(words);
        boolean wholeWords = model.flag("ignore_merges", false);
        PreTokenizer rule =
                PreTokenizer.of(patterns, wholeWords)
                        .orElseThrow(() -> words.unsupported("the way that words are cut"));
        if (tokenizer.addEos()) {
            throw model.unsupported("an end-of-sequence token after every text");
        }
        List<String> tokens = new ArrayList<>();
        int[] types = new int[tokenizer.vocabularySize()];
        readTokens(tokens, types);
        return new BpeVocabulary(
                tokens,
                types,
                merges(),
                rule.ggufName(),
                tokenizer.bos(),
                tokenizer.eos(),
                tokenizer.addBos(),
                wholeWords);
    }

    /// Composed characters, which Qwen's files ask for and GGUF cannot: text that is composed already, as nearly all is,
    /// gets the same ids.
    private static void requireHarmless(JsonTree normaliser) {
        boolean empty =
                normaliser.type().equals("Sequence") && normaliser.objects("normalizers").isEmpty();
        if (!empty && !normaliser.type().equals("NFC")) {
            throw normaliser.unsupported("to change text before byte-level words");
        }
    }

    /// The patterns that cut text into byte-level words, one after the other.
    private static List<String> patterns(JsonTree words) {
        List<JsonTree> parts =
                words.type().equals("Sequence") ? words.objects("pretokenizers") : List.of(words);
        if (JsonStages.isNumbersAlone(parts)) {
            return PreTokenizer.NUMBERS_ALONE.patterns();
        }
        List<String> patterns = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            JsonTree part = parts.get(i);
            boolean plain =
                    switch (part.type()) {
                        case "Split" ->
                                part.string("behavior", "Isolated").equals("Isolated")
                                        && !part.flag("invert", false)
                                        && part.object("pattern").has("Regex");
                        case "ByteLevel" ->
                                i == parts.size() - 1 && !part.flag("add_prefix_space", true);
                        default -> false;
                    };
            if (!plain) {
                throw part.unsupported("%s outside tokenizer.json".formatted(part.type()));
            }
            if (part.type().equals("Split")) {
                patterns.add(part.object("pattern").string("Regex"));
            } else if (part.flag("use_regex", true)) {
                patterns.add(Split.GPT2);
            }
        }
        return patterns;
    }

    private List<String> merges() {
        List<String> merges = new ArrayList<>();
        for (int i = 0; i < file.merges().size(); i += 2) {
            merges.add(file.merges().get(i) + " " + file.merges().get(i + 1));
        }
        return merges;
    }

    private void readTokens(List<String> tokens, int[] types) {
        for (int id = 0; id < types.length; id++) {
            tokens.add("[PAD%d]".formatted(id));
            types[id] = UNUSED;
        }
        file.vocabulary()
                .forEach(
                        (token, id) -> {
                            tokens.set(id, token);
                            types[id] = NORMAL;
                        });
        for (JsonTree added : file.addedTokens()) {
            for (String flag : List.of("lstrip", "rstrip", "single_word")) {
                if (added.flag(flag, false)) {
                    throw added.unsupported(
                            "%s of token %s outside tokenizer.json"
                                    .formatted(flag, Printable.quote(added.string("content"))));
                }
            }
            int id = added.index("id");
            tokens.set(id, added.string("content"));
            types[id] = added.flag("special", false) ? CONTROL : USER_DEFINED;
        }
        options.specialTokens()
                .forEach(
                        (id, text) -> {
                            tokens.set(id, text);
                            types[id] = CONTROL;
                        });
    }

    /// SentencePiece as converters write it: `▁` for spaces, bytes for what has no piece, and as merges every way to make
    /// a piece, in the order of their scores. The order is all that scores mean.
    private SentencePieceVocabulary sentencePiece() {
        boolean prefix = addsPrefix();
        if (!model.flag("byte_fallback", false)) {
            throw model.unsupported("a model of characters without byte_fallback");
        }
        List<String> pieces = new ArrayList<>();
        int[] types = new int[tokenizer.vocabularySize()];
        readTokens(pieces, types);
        for (int id = 0; id < types.length; id++) {
            if (pieces.get(id).equals(model.string("unk_token", ""))) {
                types[id] = UNKNOWN;
            } else if (pieces.get(id).matches("<0x[0-9A-F]{2}>")) {
                types[id] = BYTE;
            }
        }
        SentencePieceVocabulary vocabulary =
                new SentencePieceVocabulary(
                        pieces,
                        scores(types),
                        types,
                        SentencePieceVocabulary.Algorithm.BPE,
                        new SentencePieceVocabulary.Normalisation(
                                new byte[0], prefix, false, true, false),
                        tokenizer.bos(),
                        tokenizer.eos(),
                        tokenizer.addBos(),
                        tokenizer.addEos(),
                        true);
        boolean same = new HashSet<>(PieceCuts.of(vocabulary)).equals(new HashSet<>(merges()));
        if (!same || !isInOrder(vocabulary.scores())) {
            throw model.unsupported("a list of merges that is not that of a SentencePiece model");
        }
        return vocabulary;
    }

    /// Whether no merge comes before one whose piece has a better score.
    private boolean isInOrder(float[] scores) {
        float last = Float.POSITIVE_INFINITY;
        for (int i = 0; i < file.merges().size(); i += 2) {
            Integer id = file.vocabulary().get(file.merges().get(i) + file.merges().get(i + 1));
            if (id == null || scores[id] > last) {
                return false;
            }
            last = scores[id];
        }
        return true;
    }

    private boolean addsPrefix() {
        List<JsonTree> steps =
                component("normalizer")
                        .map(
                                tree ->
                                        tree.type().equals("Sequence")
                                                ? tree.objects("normalizers")
                                                : List.of(tree))
                        .orElse(List.of());
        boolean replaces =
                !steps.isEmpty()
                        && steps.getLast().type().equals("Replace")
                        && steps.getLast().object("pattern").string("String", "").equals(" ")
                        && steps.getLast().string("content").equals("▁");
        boolean prepends = steps.size() == 2 && steps.getFirst().type().equals("Prepend");
        if (!replaces
                || (steps.size() != 1 && !prepends)
                || (prepends && !steps.getFirst().string("prepend").equals("▁"))) {
            throw model.unsupported("a tokenizer that is neither byte-level nor SentencePiece");
        }
        return prepends;
    }

    /// As SentencePiece's trainer numbers them: pieces in the order of the merges that make them, then those that nothing
    /// makes; what is no piece of text has 0.
    private float[] scores(int[] types) {
        Set<Integer> order = new LinkedHashSet<>();
        for (int i = 0; i < file.merges().size(); i += 2) {
            Integer id = file.vocabulary().get(file.merges().get(i) + file.merges().get(i + 1));
            if (id != null) {
                order.add(id);
            }
        }
        IntStream.range(0, types.length).forEach(order::add);
        float[] scores = new float[types.length];
        int rank = 0;
        for (int id : order) {
            if (types[id] == NORMAL) {
                scores[id] = -(float) rank;
                rank++;
            }
        }
        return scores;
    }
}
