package mobilellm.tokenizer;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Writes learnt vocabularies as `tokenizer.json`.
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
            writer.sequence("pretokenizers");
            words.patterns().forEach(writer::split);
            writer.byteLevel();
            writer.endSequence();
            writer.template(vocabulary.addBos() ? vocabulary.bos() : OptionalInt.empty());
            json.writeName("decoder");
            writer.byteLevel();
            writer.model(vocabulary.merges(), "", words.wholeWords());
            json.writeEndObject();
        }
    }

    static void write(SentencePieceVocabulary vocabulary, OutputStream target) {
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), target)) {
            var writer = new TokenizerJsonWriter(json, vocabulary.pieces(), vocabulary.types());
            writer.begin();
            json.writeName("normalizer");
            writer.sequence("normalizers");
            writer.component("Prepend", "prepend", "▁");
            writer.replace(" ", "▁");
            writer.endSequence();
            json.writeNullProperty("pre_tokenizer");
            writer.template(vocabulary.addBos() ? vocabulary.bos() : OptionalInt.empty());
            json.writeName("decoder");
            writer.sequence("decoders");
            writer.replace("▁", " ");
            writer.component("ByteFallback");
            writer.component("Fuse");
            writer.strip();
            writer.endSequence();
            writer.model(writer.cuts(), LearntTokens.UNKNOWN, false);
            json.writeEndObject();
        }
    }

    /// What comes before the components: added tokens are those that mark structure.
    private void begin() {
        json.writeStartObject();
        json.writeStringProperty("version", "1.0");
        json.writeNullProperty("truncation");
        json.writeNullProperty("padding");
        json.writeName("added_tokens");
        json.writeStartArray();
        for (int id = 0; id < tokens.size(); id++) {
            if (types[id] == LearntTokens.CONTROL || types[id] == LearntTokens.UNKNOWN_TYPE) {
                json.writeStartObject();
                json.writeNumberProperty("id", id);
                json.writeStringProperty("content", tokens.get(id));
                for (String no : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                    json.writeBooleanProperty(no, false);
                }
                json.writeBooleanProperty("special", true);
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

    private void byteLevel() {
        json.writeStartObject();
        json.writeStringProperty("type", "ByteLevel");
        json.writeBooleanProperty("add_prefix_space", false);
        json.writeBooleanProperty("trim_offsets", true);
        json.writeBooleanProperty("use_regex", false);
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
        for (int id = 0; id < tokens.size(); id++) {
            json.writeNumberProperty(tokens.get(id), id);
        }
        json.writeEndObject();
        json.writeArrayPropertyStart("merges");
        merges.forEach(json::writeString);
        json.writeEndArray();
        json.writeEndObject();
    }

    /// SentencePiece merges whatever two pieces make a third, the earlier one first: as a list of merges, every way to cut
    /// a piece into two others.
    private List<String> cuts() {
        Set<String> parts = new HashSet<>();
        List<String> cuts = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            if (types[id] == LearntTokens.NORMAL) {
                String piece = tokens.get(id);
                for (int middle = 1; middle < piece.length(); middle++) {
                    String left = piece.substring(0, middle);
                    String right = piece.substring(middle);
                    if (parts.contains(left) && parts.contains(right)) {
                        cuts.add(left + " " + right);
                    }
                }
                parts.add(piece);
            }
        }
        return cuts;
    }
}
