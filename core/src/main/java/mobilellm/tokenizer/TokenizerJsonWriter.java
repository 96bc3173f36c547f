package mobilellm.tokenizer;

import mobilellm.tensor.UnsupportedModelException;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// Writes vocabularies as `tokenizer.json`.
final class TokenizerJsonWriter {
    private static final JsonFactory FACTORY =
            JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();

    private final JsonGenerator json;
    private final List<String> tokens;
    private final int[] types;

    private TokenizerJsonWriter(JsonGenerator json, List<String> tokens, int[] types) {
        this.json = json;
        this.tokens = tokens;
        this.types = types;
    }

    static void write(BpeVocabulary vocabulary, OutputStream target) {
        PreTokenizer words = PreTokenizer.named(vocabulary.preTokenizer());
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), target)) {
            var writer =
                    new TokenizerJsonWriter(json, vocabulary.tokens(), vocabulary.tokenTypes());
            writer.begin();
            json.writeNullProperty("normalizer");
            json.writeName("pre_tokenizer");
            writer.words(words);
            writer.template(vocabulary.addBos() ? vocabulary.bos() : OptionalInt.empty());
            json.writeName("decoder");
            writer.byteLevel(false);
            writer.model(vocabulary.merges(), "", vocabulary.ignoreMerges());
            json.writeEndObject();
        }
    }

    static void write(SentencePieceVocabulary vocabulary, OutputStream target) {
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), target)) {
            var writer = new TokenizerJsonWriter(json, vocabulary.pieces(), vocabulary.types());
            writer.begin();
            requirePlain(vocabulary);
            boolean prefix = vocabulary.normalisation().addDummyPrefix();
            json.writeName("normalizer");
            writer.sequence("normalizers");
            if (prefix) {
                writer.component("Prepend", "prepend", "▁");
            }
            writer.replace(" ", "▁");
            writer.endSequence();
            json.writeNullProperty("pre_tokenizer");
            writer.template(vocabulary.addBos() ? vocabulary.bos() : OptionalInt.empty());
            json.writeName("decoder");
            writer.sequence("decoders");
            writer.replace("▁", " ");
            writer.component("ByteFallback");
            writer.component("Fuse");
            if (prefix) {
                writer.strip();
            }
            writer.endSequence();
            writer.model(PieceCuts.of(vocabulary), writer.unknown(), false);
            json.writeEndObject();
        }
    }

    private static void requirePlain(SentencePieceVocabulary vocabulary) {
        if (!vocabulary.hasJson()) {
            throw new UnsupportedModelException(
                    "the tokenizer (%s, legacy %b) changes text in a way that is not written to tokenizer.json"
                            .formatted(vocabulary.algorithm(), vocabulary.legacy()));
        }
    }

    /// Cuts text into words as the models' own files do.
    private void words(PreTokenizer words) {
        if (words == PreTokenizer.GPT2) {
            byteLevel(true);
            return;
        }
        sequence("pretokenizers");
        if (words == PreTokenizer.NUMBERS_ALONE) {
            json.writeStartObject();
            json.writeStringProperty("type", "Digits");
            json.writeBooleanProperty("individual_digits", true);
            json.writeEndObject();
            byteLevel(true);
        } else {
            words.patterns().forEach(this::split);
            byteLevel(false);
        }
        endSequence();
    }

    private String unknown() {
        for (int id = 0; id < types.length; id++) {
            if (types[id] == LearntTokens.UNKNOWN_TYPE) {
                return tokens.get(id);
            }
        }
        throw new UnsupportedModelException(
                "the tokenizer has no token for what is unknown, which tokenizer.json needs");
    }

    /// What comes before the components: added tokens are those that stand for themselves.
    private void begin() {
        json.writeStartObject();
        json.writeStringProperty("version", "1.0");
        json.writeNullProperty("truncation");
        json.writeNullProperty("padding");
        json.writeName("added_tokens");
        json.writeStartArray();
        for (int id = 0; id < tokens.size(); id++) {
            boolean special =
                    types[id] == LearntTokens.CONTROL || types[id] == LearntTokens.UNKNOWN_TYPE;
            if (special || types[id] == LearntTokens.USER_DEFINED) {
                json.writeStartObject();
                json.writeNumberProperty("id", id);
                json.writeStringProperty("content", tokens.get(id));
                for (String no : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                    json.writeBooleanProperty(no, false);
                }
                json.writeBooleanProperty("special", special);
                json.writeEndObject();
            }
        }
        json.writeEndArray();
    }

    private void sequence(String member) {
        json.writeStartObject();
        json.writeStringProperty("type", "Sequence");
        json.writeName(member);
        json.writeStartArray();
    }

    private void endSequence() {
        json.writeEndArray();
        json.writeEndObject();
    }

    /// @param members names and texts, in turn
    private void component(String type, String... members) {
        json.writeStartObject();
        json.writeStringProperty("type", type);
        for (int i = 0; i < members.length; i += 2) {
            json.writeStringProperty(members[i], members[i + 1]);
        }
        json.writeEndObject();
    }

    private void pattern(String kind, String pattern) {
        json.writeName("pattern");
        json.writeStartObject();
        json.writeStringProperty(kind, pattern);
        json.writeEndObject();
    }

    private void split(String words) {
        json.writeStartObject();
        json.writeStringProperty("type", "Split");
        pattern("Regex", words);
        json.writeStringProperty("behavior", "Isolated");
        json.writeBooleanProperty("invert", false);
        json.writeEndObject();
    }

    private void byteLevel(boolean words) {
        json.writeStartObject();
        json.writeStringProperty("type", "ByteLevel");
        json.writeBooleanProperty("add_prefix_space", false);
        json.writeBooleanProperty("trim_offsets", true);
        json.writeBooleanProperty("use_regex", words);
        json.writeEndObject();
    }

    private void replace(String from, String to) {
        json.writeStartObject();
        json.writeStringProperty("type", "Replace");
        pattern("String", from);
        json.writeStringProperty("content", to);
        json.writeEndObject();
    }

    /// The space that Prepend put in front.
    private void strip() {
        json.writeStartObject();
        json.writeStringProperty("type", "Strip");
        json.writeStringProperty("content", " ");
        json.writeNumberProperty("start", 1);
        json.writeNumberProperty("stop", 0);
        json.writeEndObject();
    }

    /// @param bos in front of every text
    private void template(OptionalInt bos) {
        json.writeName("post_processor");
        if (bos.isEmpty()) {
            json.writeNull();
            return;
        }
        String token = tokens.get(bos.getAsInt());
        json.writeStartObject();
        json.writeStringProperty("type", "TemplateProcessing");
        templateOf("single", token, "A");
        templateOf("pair", token, "A", "B");
        json.writeName("special_tokens");
        json.writeStartObject();
        json.writeName(token);
        json.writeStartObject();
        json.writeStringProperty("id", token);
        json.writeArrayPropertyStart("ids");
        json.writeNumber(bos.getAsInt());
        json.writeEndArray();
        json.writeArrayPropertyStart("tokens");
        json.writeString(token);
        json.writeEndArray();
        json.writeEndObject();
        json.writeEndObject();
        json.writeEndObject();
    }

    private void templateOf(String name, String token, String... texts) {
        json.writeArrayPropertyStart(name);
        for (int number = 0; number < texts.length; number++) {
            templatePart("SpecialToken", token, number);
            templatePart("Sequence", texts[number], number);
        }
        json.writeEndArray();
    }

    private void templatePart(String kind, String id, int number) {
        json.writeStartObject();
        json.writeName(kind);
        json.writeStartObject();
        json.writeStringProperty("id", id);
        json.writeNumberProperty("type_id", number);
        json.writeEndObject();
        json.writeEndObject();
    }

    /// @param unknown the token for what cannot be written; empty where every byte can
    private void model(List<String> merges, String unknown, boolean wholeWords) {
        boolean fallback = !unknown.isEmpty();
        json.writeName("model");
        json.writeStartObject();
        json.writeStringProperty("type", "BPE");
        json.writeNullProperty("dropout");
        json.writeName("unk_token");
        if (fallback) {
            json.writeString(unknown);
        } else {
            json.writeNull();
        }
        json.writeNullProperty("continuing_subword_prefix");
        json.writeNullProperty("end_of_word_suffix");
        json.writeBooleanProperty("fuse_unk", fallback);
        json.writeBooleanProperty("byte_fallback", fallback);
        json.writeBooleanProperty("ignore_merges", wholeWords);
        json.writeName("vocab");
        json.writeStartObject();
        // Of equal tokens, which real files have, the last one counts.
        Map<String, Integer> last = new LinkedHashMap<>();
        for (int id = 0; id < tokens.size(); id++) {
            last.put(tokens.get(id), id);
        }
        last.forEach(json::writeNumberProperty);
        json.writeEndObject();
        json.writeArrayPropertyStart("merges");
        merges.forEach(json::writeString);
        json.writeEndArray();
        json.writeEndObject();
    }
}
