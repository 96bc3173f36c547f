package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.Shared;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Llama-2's ids and texts, and those of small models, are SentencePiece's; special tokens are parsed as by Hugging Face.
class SentencePieceTokenizerTest {
    private static final String LLAMA2 = "data/tokenizers/llama2/tokenizer.model";

    private static Tokenizer legacy;
    private static Tokenizer modern;

    @BeforeAll
    static void load() throws IOException {
        legacy = load(LLAMA2, true);
        modern = load(LLAMA2, false);
    }

    @Test
    void encodesEveryString() {
        for (JsonObject row : JsonObject.lines("fixtures/tokenizers/llama2.jsonl")) {
            String text = row.text("text");
            int[] ids = row.ints("ids");
            for (Tokenizer tokenizer : List.of(legacy, modern)) {
                assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(ids);
            }
            assertThat(legacy.encode(text, true))
                    .as(text)
                    .isEqualTo(row.has("hf_legacy") ? row.ints("hf_legacy") : ids);
            assertThat(modern.encode(text, true))
                    .as(text)
                    .isEqualTo(row.has("hf_modern") ? row.ints("hf_modern") : ids);
            assertThat(legacy.decode(ids, true)).as(text).isEqualTo(row.text("decoded"));
        }
    }

    @Test
    void encodesLongTexts() {
        Vectors.assertEncodesLongTexts(legacy, "fixtures/tokenizers/llama2-large.jsonl");
    }

    @Test
    void showsWholeCharactersAsTheyStream() {
        Vectors.assertStreams(legacy, true, "fixtures/tokenizers/llama2-streaming.jsonl");
    }

    @ParameterizedTest
    @CsvSource({
        "384, fixtures/models/relu-80x3/safetensors/tokenizer.model",
        "512, fixtures/models/ls-192x2/bin/tokenizer.model"
    })
    void encodesWithSmallModels(int size, String file) throws IOException {
        Tokenizer tokenizer = load(file, true);
        assertThat(tokenizer.vocabularySize()).isEqualTo(size);
        for (JsonObject row :
                JsonObject.lines("fixtures/tokenizers/tiny-%d.jsonl".formatted(size))) {
            String text = row.text("text");
            assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(row.ints("ids"));
            assertThat(tokenizer.decode(row.ints("ids"), true)).isEqualTo(row.text("decoded"));
        }
    }

    /// The same vocabulary as a GGUF file of architecture llama has it, held to llama.cpp's own vectors.
    @Test
    void encodesTheVectorsOfLlamaCpp() throws IOException {
        String file = "data/tokenizers/vectors/ggml-vocab-llama-spm.gguf";
        String[] texts =
                Files.readString(Shared.path(file + ".inp")).split("\n__ggml_vocab_test__\n", -1);
        List<String> ids = Files.readAllLines(Shared.path(file + ".out"));
        for (int i = 0; i < ids.size(); i++) {
            int[] expected =
                    Arrays.stream(ids.get(i).split(" ", -1))
                            .filter(id -> !id.isEmpty())
                            .mapToInt(Integer::parseInt)
                            .toArray();
            assertThat(legacy.encode(texts[i], false)).as(texts[i]).isEqualTo(expected);
            assertThat(legacy.decode(expected, true)).isEqualTo(texts[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a", " ", "\n", "-", "1", "é", "🙂", "\uFFFD", "<s>", "ab", "\u3000", "▁"})
    void takesLinearTimeForAMebibyteOf(String unit) {
        if (unit.equals("▁")) { // it decodes to a space
            assertThat(legacy.encode(unit.repeat(1 << 20), false)).hasSize(65_537);
        } else if (!unit.equals("<s>")) {
            Vectors.assertTakesLinearTimeForAMebibyteOf(legacy, unit);
        } else {
            assertThat(legacy.encode(unit.repeat(1 << 18), true)).hasSize(1 << 18).containsOnly(1);
        }
    }

    @Test
    void knowsItsSpecialTokens() {
        assertThat(legacy.vocabularySize()).isEqualTo(32000);
        assertThat(legacy.bos()).hasValue(1);
        assertThat(legacy.eos()).hasValue(2);
        assertThat(legacy.addBos()).isTrue();
        assertThat(legacy.addEos()).isFalse();
        assertThat(legacy.endOfGeneration()).containsExactly(2);
        assertThat(legacy.idOf("▁the")).hasValue(278);
        assertThat(legacy.piece(278)).isEqualTo(" the");
        assertThat(legacy.piece(1)).isEqualTo("<s>");
        assertThat(legacy.piece(243)).isEqualTo("\uFFFD");
        assertThat(legacy.isSpecial(0)).isTrue();
        assertThat(legacy.isSpecial(3)).isFalse();
        assertThat(legacy.decode(new int[] {1, 15043, 2}, false)).isEqualTo("<s> Hello</s>");
        assertThat(legacy.decode(new int[] {1, 15043, 2}, true)).isEqualTo("Hello");
    }

    @Test
    void takesSpecialTokensFromBesideTheFile() throws IOException {
        TokenizerOptions options =
                new TokenizerOptions(
                        true,
                        Optional.of(false),
                        Optional.of(true),
                        Optional.empty(),
                        Optional.of("<|im_end|>"),
                        Map.of(32000, "<|im_start|>", 32001, "<|im_end|>"));
        Tokenizer tokenizer =
                Tokenizers.sentencePiece(Files.readAllBytes(Shared.path(LLAMA2)), options);
        assertThat(tokenizer.encode("<|im_start|>user<|im_end|>", true))
                .containsExactly(32000, 1404, 32001);
        assertThat(tokenizer.encode("<|im_start|>", false)).doesNotContain(32000);
        assertThat(tokenizer.eos()).hasValue(32001);
        assertThat(tokenizer.endOfGeneration()).containsExactly(32001);
        assertThat(tokenizer.addBos()).isFalse();
        assertThat(tokenizer.addEos()).isTrue();
    }

    private static Tokenizer load(String file, boolean isLegacy) throws IOException {
        TokenizerOptions options =
                new TokenizerOptions(
                        isLegacy,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of());
        return Tokenizers.sentencePiece(Files.readAllBytes(Shared.path(file)), options);
    }
}
