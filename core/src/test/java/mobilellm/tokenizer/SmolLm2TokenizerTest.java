package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/// SmolLM2's ids and texts are those of the library its authors used.
class SmolLm2TokenizerTest {
    private static final int MEBIBYTE = 1 << 20;

    /// A second would do on an idle machine, and a busy one must not fail; a quadratic tokenizer needs many minutes.
    private static final Duration LINEAR = Duration.ofMinutes(2);

    private static Tokenizer tokenizer;

    @BeforeAll
    static void load() {
        tokenizer = SmolLm2.tokenizer();
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
        for (JsonObject row : JsonObject.lines("fixtures/tokenizers/smollm2-streaming.jsonl")) {
            StreamingDecoder decoder = tokenizer.streamingDecoder(false);
            List<String> pieces = new ArrayList<>();
            for (int id : row.ints("ids")) {
                pieces.add(decoder.accept(id));
            }
            assertThat(pieces).isEqualTo(row.texts("pieces"));
            assertThat(decoder.finish()).isEqualTo(row.text("rest"));
            assertThat(tokenizer.decode(row.ints("ids"), false)).isEqualTo(row.text("decoded"));
        }
    }

    @Test
    void encodesLongTexts() {
        for (JsonObject row : JsonObject.lines("fixtures/tokenizers/smollm2-large.jsonl")) {
            String text = generate(row);
            int[] ids = assertTimeoutPreemptively(LINEAR, () -> tokenizer.encode(text, false));
            assertThat(ids).hasSize((int) row.number("count"));
            assertThat(Arrays.copyOf(ids, 16)).isEqualTo(row.ints("first"));
            assertThat(Arrays.copyOfRange(ids, ids.length - 16, ids.length))
                    .isEqualTo(row.ints("last"));
            assertThat(sha256(ids)).isEqualTo(row.text("sha256_i32_le"));
        }
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
        String text = unit.repeat(MEBIBYTE / unit.length());
        int[] ids = assertTimeoutPreemptively(LINEAR, () -> tokenizer.encode(text, true));
        assertThat(tokenizer.decode(ids, false)).isEqualTo(text);
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

    private static String generate(JsonObject row) {
        int length = (int) row.number("length");
        StringBuilder text = new StringBuilder();
        if (row.text("generator").equals("repeat")) {
            text.repeat(row.text("unit"), length);
        } else {
            List<String> words = row.texts("words");
            long state = row.number("seed");
            while (text.length() < 2 * length) {
                state = state * 6364136223846793005L + 1442695040888963407L;
                text.append(words.get((int) ((state >>> 33) % words.size())));
            }
        }
        return text.substring(0, text.offsetByCodePoints(0, length));
    }

    private static String sha256(int[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ids);
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
