package mobilellm.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// Puts a tokenizer together from the components that a `tokenizer.json` names.
final class JsonTokenizer {
    private final TokenizerJson file;
    private final TokenizerOptions options;
    private final JsonTree model;
    private final List<String> tokens;
    private final BitSet special = new BitSet();
    private final TokenIndex index;
    private final boolean byteLevel;

    /// The ids of tokens that the model makes of text; added ones are found as they stand.
    private final BitSet spoken;

    private JsonTokenizer(TokenizerJson file, TokenizerOptions options) {
        this.file = file;
        this.options = options;
        if (!file.components().containsKey("model")) {
            throw new MalformedFileException("tokenizer.json has no model");
        }
        model = component("model");
        tokens = tokens();
        index = new TokenIndex(tokens);
        spoken = new BitSet(tokens.size());
        spoken.set(0, tokens.size());
        spoken.andNot(special);
        byteLevel = isByteLevel(component("pre_tokenizer"), true);
    }

    static Tokenizer of(TokenizerJson file, TokenizerOptions options) {
        return new JsonTokenizer(file, options).build();
    }

    /// An absent component is empty.
    private JsonTree component(String name) {
        return file.components().getOrDefault(name, JsonTree.none(name));
    }

    private Tokenizer build() {
        Stage normalise =
                has("normalizer") ? JsonStages.normaliser(component("normalizer")) : Stage.none();
        Stage cut =
                has("pre_tokenizer")
                        ? JsonStages.preTokenizer(component("pre_tokenizer"))
                        : Stage.none();
        PostProcessor template =
                PostProcessor.of(component("post_processor"), has("post_processor"));
        OptionalInt bos =
                options.bos()
                        .map(this::required)
                        .orElse(template.bos().map(this::required).orElse(OptionalInt.empty()));
        OptionalInt eos =
                options.eos()
                        .map(this::required)
                        .orElse(template.eos().map(this::required).orElse(OptionalInt.empty()));
        Vocabulary vocabulary =
                new Vocabulary(
                        tokens,
                        index,
                        special,
                        bos,
                        eos,
                        options.addBos().orElse(template.bos().isPresent()),
                        options.addEos().orElse(template.eos().isPresent()));
        List<AddedTokens.Token> raw = new ArrayList<>();
        List<AddedTokens.Token> normalised = new ArrayList<>();
        for (JsonTree added : file.addedTokens()) {
            addToken(added, normalise, raw, normalised);
        }
        options.specialTokens()
                .forEach((id, text) -> raw.add(new AddedTokens.Token(id, text, true)));
        return new TextTokenizer(
                vocabulary,
                new AddedTokens(raw),
                normalise,
                new AddedTokens(normalised),
                cut,
                model(),
                JsonDecoder.of(component("decoder"), has("decoder"), tokens, special, byteLevel));
    }

    private boolean has(String component) {
        return file.components().containsKey(component);
    }

    private OptionalInt required(String token) {
        int id = index.find(token);
        if (id < 0) {
            throw new MalformedFileException(
                    "token %s, which begins or ends sequences, is not in the vocabulary of tokenizer.json"
                            .formatted(Printable.quote(token)));
        }
        return OptionalInt.of(id);
    }

    private List<String> tokens() {
        String[] byId = new String[size()];
        file.vocabulary().forEach((token, id) -> put(byId, id, token));
        for (int id = 0; id < file.pieces().size(); id++) {
            byId[id] = file.pieces().get(id).piece();
        }
        for (JsonTree added : file.addedTokens()) {
            int id = added.index("id");
            String text = added.string("content");
            byId[id] = text;
            special.set(id, added.flag("special", false) || Vocabulary.isMarkup(text));
        }
        options.specialTokens()
                .forEach(
                        (id, text) -> {
                            byId[id] = text;
                            special.set(id);
                        });
        return List.of(
                Arrays.stream(byId)
                        .map(token -> token == null ? "" : token)
                        .toArray(String[]::new));
    }

    private static void put(String[] byId, int id, String token) {
        if (byId[id] != null) {
            throw new MalformedFileException(
                    "tokens %s and %s of tokenizer.json have the same id %d"
                            .formatted(Printable.quote(byId[id]), Printable.quote(token), id));
        }
        byId[id] = token;
    }

    /// One more than the largest id. Ids may have gaps, but each costs its file some bytes.
    private int size() {
        List<Integer> ids = new ArrayList<>(file.vocabulary().values());
        file.addedTokens().forEach(added -> ids.add(added.index("id")));
        ids.addAll(options.specialTokens().keySet());
        int size = file.pieces().size();
        for (int id : ids) {
            if (id < 0 || id >= file.fileBytes()) {
                throw new MalformedFileException(
                        "a token of tokenizer.json has id %d; expected 0 to %d"
                                .formatted(id, file.fileBytes() - 1));
            }
            size = Math.max(size, id + 1);
        }
        return size;
    }

    private void addToken(
            JsonTree added,
            Stage normalise,
            List<AddedTokens.Token> raw,
            List<AddedTokens.Token> normalised) {
        int id = added.index("id");
        boolean isSpecial = special.get(id);
        String text = added.string("content");
        boolean inNormalised = added.flag("normalized", !added.flag("special", false));
        AddedTokens.Token token =
                new AddedTokens.Token(
                        id,
                        inNormalised ? normalised(text, normalise) : text,
                        isSpecial,
                        added.flag("lstrip", false),
                        added.flag("rstrip", false),
                        added.flag("single_word", false));
        (inNormalised ? normalised : raw).add(token);
    }

    private static String normalised(String text, Stage normalise) {
        byte[] utf8 = Utf8.encode(text);
        StringBuilder result = new StringBuilder();
        if (utf8.length > 0) {
            normalise.apply(
                    utf8,
                    0,
                    utf8.length,
                    true,
                    (part, from, to, _) -> result.append(new String(part, from, to - from, UTF_8)));
        }
        return result.toString();
    }

    /// Whether words are read byte by byte; only the last pre-tokenizer can say so.
    private static boolean isByteLevel(JsonTree tree, boolean last) {
        return switch (tree.string("type", "")) {
            case "ByteLevel" -> {
                if (!last) {
                    throw tree.unsupported("ByteLevel before other pre-tokenizers");
                }
                yield true;
            }
            case "Sequence" -> {
                List<JsonTree> parts = tree.objects("pretokenizers");
                boolean found = false;
                for (int i = 0; i < parts.size(); i++) {
                    found |= isByteLevel(parts.get(i), last && i == parts.size() - 1);
                }
                yield found;
            }
            default -> false;
        };
    }

    private TextTokenizer.Model model() {
        // Files of older versions do not name the type.
        String type = model.string("type", file.pieces().isEmpty() ? "BPE" : "Unigram");
        return switch (type) {
            case "BPE" -> bpe();
            case "Unigram" -> unigram();
            default -> throw model.unsupported("model " + Printable.quote(type));
        };
    }

    private Bpe bpe() {
        if (model.members().get("dropout") instanceof Double dropout && dropout != 0) {
            throw model.unsupported("dropout");
        }
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            if (!model.string(affix, "").isEmpty()) {
                throw model.unsupported(affix);
            }
        }
        MergeTable merges = MergeTable.ofPairs(file.merges(), index, special);
        boolean wholeWords = model.flag("ignore_merges", false);
        if (byteLevel) {
            Bpe.Symbols bytes = Bpe.bytes(ByteLevelBpe.byteTokens(index, special));
            return new Bpe(
                    wholeWords ? ByteLevelBpe.wholeWords(bytes, index, special) : bytes, merges);
        }
        Map<Integer, Integer> characters = new HashMap<>();
        for (int id = spoken.nextSetBit(0); id >= 0; id = spoken.nextSetBit(id + 1)) {
            String token = tokens.get(id);
            if (!token.isEmpty() && token.length() == Character.charCount(token.codePointAt(0))) {
                characters.put(token.codePointAt(0), id);
            }
        }
        Bpe.Symbols symbols =
                new CharacterSymbols(
                        characters,
                        byteTokens(),
                        unknown("unk_token"),
                        model.flag("fuse_unk", false));
        return new Bpe(wholeWords ? this.wholeWords(symbols) : symbols, merges);
    }

    private Bpe.Symbols wholeWords(Bpe.Symbols others) {
        return (utf8, from, to, symbols) -> {
            int id = index.find(utf8, from, to);
            if (id < 0 || special.get(id)) {
                return others.read(utf8, from, to, symbols);
            }
            symbols[0] = id;
            return 1;
        };
    }

    private Unigram unigram() {
        List<TokenizerJson.Scored> pieces = file.pieces();
        int unknown = model.has("unk_id") ? model.index("unk_id") : -1;
        if (unknown >= pieces.size()) {
            throw model.malformed("unk_id is " + unknown + ", behind the last piece");
        }
        int[] ids = spoken.stream().filter(id -> id < pieces.size() && id != unknown).toArray();
        byte[][] texts = new byte[ids.length][];
        double[] scores = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            texts[i] = Utf8.encode(pieces.get(ids[i]).piece());
            scores[i] = pieces.get(ids[i]).score();
        }
        return new Unigram(
                new Unigram.Pieces(ids, texts, scores, new boolean[ids.length], false),
                unknown,
                byteTokens());
    }

    private int unknown(String member) {
        return model.has(member) ? required(model.string(member)).getAsInt() : -1;
    }

    /// By byte: `<0x00>` to `<0xFF>`; empty if unknown characters are not to be written in bytes, or not all can be.
    private int[] byteTokens() {
        int[] bytes = new int[256];
        for (int value = 0; value < bytes.length; value++) {
            bytes[value] = index.find("<0x%02X>".formatted(value));
            if (!model.flag("byte_fallback", false) || bytes[value] < 0) {
                return new int[0];
            }
        }
        return bytes;
    }
}
