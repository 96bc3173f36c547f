package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.Shared;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;

/// SmolLM2's ids and texts are those of the library its authors used.
class SmolLm2TokenizerTest {
    private static Tokenizer tokenizer;

    @BeforeAll
    static void load() {
        tokenizer = SmolLm2.tokenizer();
    }

    /// The file itself gives what its vocabulary gives with the rule that GGUF files name.
    @Test
    void readsTheFileOfItsAuthors() throws IOException {
        byte[] json = Files.readAllBytes(Shared.path("data/tokenizers/smollm/tokenizer.json"));
        Tokenizer fromFile = Tokenizers.fromJson(json, TokenizerOptions.defaults());
        for (JsonObject row : JsonObject.lines("fixtures/tokenizers/smollm2.jsonl")) {
            String text = row.text("text");
            int[] ids = row.ints("ids");
            int[] asText = row.ints(row.has("ids_special_as_text") ? "ids_special_as_text" : "ids");
            assertThat(fromFile.encode(text, true)).as(text).isEqualTo(ids);
            assertThat(fromFile.encode(text, false)).as(text).isEqualTo(asText);
            assertThat(fromFile.decode(ids, false)).isEqualTo(row.text("decoded"));
        }
        Vectors.assertEncodesLongTexts(fromFile, "fixtures/tokenizers/smollm2-large.jsonl");
        Vectors.assertStreams(fromFile, false, "fixtures/tokenizers/smollm2-streaming.jsonl");
        assertThat(fromFile.bos()).isEmpty();
        assertThat(fromFile.addBos()).isFalse();
        assertThat(fromFile.endOfGeneration()).containsExactly(0, 2);
    }

    @Test
    void encodesEveryString() {
        for (JsonObject row : JsonObject.lines("fixtures/tokenizers/smollm2.jsonl")) {
            String text = row.text("text");
            int[] ids = row.ints("ids");
            assertThat(tokenizer.encode(text, true)).as(text).isEqualTo(ids);
            int[] asText = row.ints(row.has("ids_special_as_text") ? "ids_special_as_text" : "ids");
            assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(asText);
        }
    }

    @Test
    void decodesEveryString() {
        for (JsonObject row : JsonObject.lines("fixtures/tokenizers/smollm2.jsonl")) {
            int[] ids = row.ints("ids");
            assertThat(tokenizer.decode(ids, false)).isEqualTo(row.text("decoded"));
            assertThat(tokenizer.decode(ids, true))
                    .isEqualTo(
                            row.text(
                                    row.has("decoded_skipping_special")
                                            ? "decoded_skipping_special"
                                            : "decoded"));
        }
    }

    @Test
    void showsWholeCharactersAsTheyStream() {
        String file = "fixtures/tokenizers/smollm2-streaming.jsonl";
        Vectors.assertStreams(tokenizer, false, file);
        for (JsonObject row : JsonObject.lines(file)) {
            assertThat(tokenizer.decode(row.ints("ids"), false)).isEqualTo(row.text("decoded"));
        }
    }

    @Test
    void encodesLongTexts() {
        Vectors.assertEncodesLongTexts(tokenizer, "fixtures/tokenizers/smollm2-large.jsonl");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                " ",
                "\n",
                "-",
                "1",
                "'",
                "é",
                "🙂",
                "\uFFFD",
                "<|im_start|>",
                "ab",
                "\u3000",
                "<|"
            })
    void takesLinearTimeForAMebibyteOf(String unit) {
        Vectors.assertTakesLinearTimeForAMebibyteOf(tokenizer, unit);
    }

    @Test
    void countsAnUnpairedSurrogateAsTheReplacementCharacter() {
        assertThat(tokenizer.encode("a\uD83Db\uDE42\uD83D\uDE42\uD83D", false))
                .isEqualTo(tokenizer.encode("a\uFFFDb\uFFFD🙂\uFFFD", false));
    }

    @Test
    void leavesOutBytesThatHaveNoToken() {
        assertThat(tokenizer.encode("\u0004\u0006", false)).isEmpty();
        assertThat(tokenizer.encode("th\u0004e", false))
                .isEqualTo(tokenizer.encode("th\u0006e", false));
    }

    @Test
    void knowsItsSpecialTokens() {
        assertThat(tokenizer.vocabularySize()).isEqualTo(49152);
        assertThat(tokenizer.idOf("<|im_end|>")).hasValue(2);
        assertThat(tokenizer.idOf("Ġthe")).hasValue(260);
        assertThat(tokenizer.idOf("no such token")).isEmpty();
        assertThat(tokenizer.isSpecial(2)).isTrue();
        assertThat(tokenizer.isSpecial(260)).isFalse();
        assertThat(tokenizer.bos()).hasValue(1);
        assertThat(tokenizer.addBos()).isFalse();
        assertThat(tokenizer.endOfGeneration()).containsExactly(0, 2);
        assertThat(tokenizer.piece(260)).isEqualTo(" the");
        assertThat(tokenizer.piece(10813)).isEqualTo("\uFFFD");
    }
}
