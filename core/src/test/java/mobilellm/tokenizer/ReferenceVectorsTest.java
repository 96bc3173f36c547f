package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Objects;

/// Small tokenizers of every kind, with the ids and texts that tokenizers 0.22.2 (from `llama4` on 0.23.3) and sentencepiece 0.2.1 gave for them.
class ReferenceVectorsTest {
    private static List<JsonObject> tokenizerJson() {
        return resource("tokenizer-json.jsonl");
    }

    private static List<JsonObject> sentencePiece() {
        return resource("sentencepiece.jsonl");
    }

    @ParameterizedTest
    @MethodSource("tokenizerJson")
    void readsTokenizerJson(JsonObject given) {
        Tokenizer tokenizer =
                Tokenizers.fromJson(
                        given.text("tokenizer").getBytes(StandardCharsets.UTF_8),
                        TokenizerOptions.defaults());
        for (JsonObject row : given.objects("rows")) {
            String as = "%s: %s".formatted(given.text("name"), row.text("text"));
            int[] ids = row.ints("ids");
            assertThat(tokenizer.encode(row.text("text"), true)).as(as).isEqualTo(ids);
            assertThat(tokenizer.encode(row.text("text"), false))
                    .as(as)
                    .isEqualTo(row.ints(row.has("plain") ? "plain" : "ids"));
            assertThat(tokenizer.decode(ids, false)).as(as).isEqualTo(row.text("decoded"));
        }
    }

    @ParameterizedTest
    @MethodSource("sentencePiece")
    void readsSentencePieceModels(JsonObject given) {
        Tokenizer tokenizer =
                Tokenizers.sentencePiece(
                        Base64.getDecoder().decode(given.text("model")),
                        TokenizerOptions.defaults());
        for (JsonObject row : given.objects("rows")) {
            assertThat(tokenizer.encode(row.text("text"), false))
                    .as("%s: %s", given.text("name"), row.text("text"))
                    .isEqualTo(row.ints("ids"));
        }
    }

    static List<JsonObject> resource(String name) {
        try (InputStream stream = ReferenceVectorsTest.class.getResourceAsStream(name)) {
            byte[] bytes = Objects.requireNonNull(stream, name).readAllBytes();
            return JsonObject.parseLines(new String(bytes, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
