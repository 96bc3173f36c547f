package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.checkpoint.Conversion.Options;
import mobilellm.gguf.GgufFile;
import mobilellm.testing.JsonRow;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerOptions;
import mobilellm.tokenizer.Tokenizers;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/// A byte-level `tokenizer.json` gives the ids of the Hugging Face library in every form it takes on its way to a GGUF file
/// and back, with `ignore_merges` and without, whatever the rule's name stands for elsewhere.
class ByteLevelConversionTest {
    private static final String IGNORE_MERGES = "tokenizer.mobilellm.ignore_merges";

    @TempDir Path folder;

    @ParameterizedTest
    @CsvSource({
        "llama4, gpt-4o, true",
        "gpt-4o, gpt-4o,",
        "tiny-aya, tiny_aya,",
        "tiny-aya-whole, tiny_aya, true",
        "tekken-by-merges, tekken, false"
    })
    void keepsItsIds(String name, String rule, @Nullable Boolean ignoreMerges) throws IOException {
        JsonRow given = reference(name);
        Path directory = directory(given.text("tokenizer"));
        Path gguf = folder.resolve("model.gguf");
        Path back = folder.resolve("back");
        Path again = folder.resolve("again.gguf");
        convert(directory, gguf);
        convert(gguf, back);
        convert(back, again);
        for (Path form : List.of(directory, gguf, back, again)) {
            try (Checkpoint checkpoint = Checkpoint.open(form)) {
                Tokenizer tokenizer = checkpoint.tokenizer();
                for (JsonRow row : given.rows("rows")) {
                    assertThat(tokenizer.encode(row.text("text"), false))
                            .as("%s: %s", form.getFileName(), row.text("text"))
                            .isEqualTo(row.ids("ids"));
                }
            }
        }
        assertThat(again).hasSameBinaryContentAs(gguf);
        try (GgufFile file = GgufFile.open(gguf)) {
            assertThat(file.metadata().get("tokenizer.ggml.pre")).isEqualTo(rule);
            assertThat(file.metadata().get(IGNORE_MERGES)).isEqualTo(ignoreMerges);
        }
    }

    private static JsonRow reference(String name) throws IOException {
        try (InputStream stream = Tokenizer.class.getResourceAsStream("tokenizer-json.jsonl")) {
            byte[] bytes = Objects.requireNonNull(stream).readAllBytes();
            return new String(bytes, StandardCharsets.UTF_8)
                    .lines()
                    .map(JsonRow::parse)
                    .filter(row -> row.text("name").equals(name))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private Path directory(String tokenizer) throws IOException {
        byte[] json = tokenizer.getBytes(StandardCharsets.UTF_8);
        int size = Tokenizers.fromJson(json, TokenizerOptions.defaults()).vocabularySize();
        Path directory =
                new ModelDirectory("llama")
                        .set("vocab_size", size)
                        .set("_name_or_path", "\"small\"")
                        .tensor("model.embed_tokens.weight", size, ModelDirectory.HIDDEN)
                        .write(folder.resolve("directory"));
        Files.write(directory.resolve("tokenizer.json"), json);
        return directory;
    }

    private static void convert(Path from, Path to) throws IOException {
        Options options = new Options(Optional.empty(), false, OptionalLong.empty(), false);
        Conversion.run(from, to, options, (_, _, _) -> {});
    }
}
