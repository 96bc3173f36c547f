package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;

/// Vocabularies that go from one file format to another give the reference's ids afterwards, too.
class VocabularyFormsTest {
    @Test
    void byteLevelFromJsonAndBack() throws IOException {
        byte[] json = Files.readAllBytes(Shared.path("data/tokenizers/smollm/tokenizer.json"));
        BpeVocabulary vocabulary =
                (BpeVocabulary) Tokenizers.vocabularyOfJson(json, TokenizerOptions.defaults());
        assertThat(vocabulary.preTokenizer()).isEqualTo("smollm");
        Tokenizer back = Tokenizers.fromJson(written(vocabulary), TokenizerOptions.defaults());
        for (Tokenizer tokenizer : new Tokenizer[] {vocabulary.tokenizer(), back}) {
            for (JsonObject row : JsonObject.lines("fixtures/tokenizers/smollm2.jsonl")) {
                String text = row.text("text");
                assertThat(tokenizer.encode(text, true)).as(text).isEqualTo(row.ints("ids"));
            }
        }
        BpeVocabulary again =
                (BpeVocabulary)
                        Tokenizers.vocabularyOfJson(
                                written(vocabulary), TokenizerOptions.defaults());
        assertThat(again.tokens()).isEqualTo(vocabulary.tokens());
        assertThat(again.tokenTypes()).isEqualTo(vocabulary.tokenTypes());
        assertThat(again.merges()).isEqualTo(vocabulary.merges());
    }

    /// Llama-2's single characters come after the pieces that are made of them.
    @Test
    void sentencePieceFromModelToJsonAndBack() throws IOException {
        byte[] model = Files.readAllBytes(Shared.path("data/tokenizers/llama2/tokenizer.model"));
        SentencePieceVocabulary vocabulary =
                (SentencePieceVocabulary)
                        Tokenizers.vocabularyOfModel(model, TokenizerOptions.defaults());
        byte[] json = written(vocabulary);
        SentencePieceVocabulary again =
                (SentencePieceVocabulary)
                        Tokenizers.vocabularyOfJson(json, TokenizerOptions.defaults());
        assertThat(again.pieces()).isEqualTo(vocabulary.pieces());
        assertThat(again.types()).isEqualTo(vocabulary.types());
        Tokenizer fromJson = Tokenizers.fromJson(json, TokenizerOptions.defaults());
        for (Tokenizer tokenizer : new Tokenizer[] {again.tokenizer(), fromJson}) {
            for (JsonObject row : JsonObject.lines("fixtures/tokenizers/llama2.jsonl")) {
                String text = row.text("text");
                assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(row.ints("ids"));
            }
        }
    }

    @Test
    void refusesWhatNoOtherFormatCanSay() {
        assertThat(refusal("{\"type\":\"BertPreTokenizer\"}", "null")).contains("BertPreTokenizer");
        assertThat(
                        refusal(
                                "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x\"},\"behavior\":\"Isolated\",\"invert\":false}",
                                "null"))
                .contains("the way that words are cut");
        assertThat(refusal("null", "{\"type\":\"Lowercase\"}"))
                .contains("neither byte-level nor SentencePiece");
    }

    private static String refusal(String preTokenizer, String normaliser) {
        String json =
                "{\"decoder\":{\"type\":\"ByteFallback\"},\"pre_tokenizer\":%s,\"normalizer\":%s,\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}"
                        .formatted(preTokenizer, normaliser);
        UnsupportedModelException[] refused = new UnsupportedModelException[1];
        assertThatThrownBy(
                        () ->
                                Tokenizers.vocabularyOfJson(
                                        json.getBytes(StandardCharsets.UTF_8),
                                        TokenizerOptions.defaults()))
                .isInstanceOfSatisfying(UnsupportedModelException.class, e -> refused[0] = e);
        return String.valueOf(refused[0].getMessage());
    }

    private static byte[] written(TokenizerVocabulary vocabulary) {
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        vocabulary.writeJson(json);
        return json.toByteArray();
    }
}
