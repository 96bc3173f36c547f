package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.gguf.GgufFile;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;

/// GPT-2's ids, from the vocabulary file and the vectors that llama.cpp tests itself with.
class Gpt2TokenizerTest {
    private static final String FILE = "data/tokenizers/vectors/ggml-vocab-gpt-2.gguf";

    @Test
    void encodesEveryVector() throws IOException {
        Tokenizer tokenizer = tokenizer();
        String[] texts =
                Files.readString(Shared.path(FILE + ".inp")).split("\n__ggml_vocab_test__\n", -1);
        List<String> ids = Files.readAllLines(Shared.path(FILE + ".out"));
        assertThat(ids.size()).isGreaterThanOrEqualTo(texts.length - 1);
        for (int i = 0; i < ids.size(); i++) {
            int[] expected =
                    Arrays.stream(ids.get(i).split(" ", -1))
                            .filter(id -> !id.isEmpty())
                            .mapToInt(Integer::parseInt)
                            .toArray();
            assertThat(tokenizer.encode(texts[i], false)).as(texts[i]).isEqualTo(expected);
            assertThat(tokenizer.decode(expected, false)).isEqualTo(texts[i]);
        }
    }

    private static Tokenizer tokenizer() throws IOException {
        try (GgufFile file = GgufFile.open(Shared.path(FILE))) {
            Map<String, Object> metadata = file.metadata();
            int[] types =
                    list(metadata, "tokenizer.ggml.token_type").stream()
                            .mapToInt(type -> ((Number) type).intValue())
                            .toArray();
            return Tokenizers.byteLevelBpe(
                    new BpeVocabulary(
                            strings(metadata, "tokenizer.ggml.tokens"),
                            types,
                            strings(metadata, "tokenizer.ggml.merges"),
                            "gpt-2",
                            OptionalInt.empty(),
                            OptionalInt.empty(),
                            false));
        }
    }

    private static List<String> strings(Map<String, Object> metadata, String key) {
        return list(metadata, key).stream().map(String.class::cast).toList();
    }

    private static List<?> list(Map<String, Object> metadata, String key) {
        return (List<?>) Objects.requireNonNull(metadata.get(key), key);
    }
}
