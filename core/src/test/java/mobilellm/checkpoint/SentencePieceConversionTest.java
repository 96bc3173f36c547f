package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.checkpoint.Conversion.Options;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.JsonRow;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerOptions;
import mobilellm.tokenizer.Tokenizers;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// SentencePiece models of both kinds, with normalisation, bytes and user-defined pieces, give the ids that SentencePiece gave, in
/// every form that their vocabulary takes on its way from a directory to a GGUF file and back.
class SentencePieceConversionTest {
    @TempDir Path folder;

    private static Stream<JsonRow> models() throws IOException {
        try (InputStream stream = Tokenizer.class.getResourceAsStream("sentencepiece.jsonl")) {
            byte[] bytes = Objects.requireNonNull(stream).readAllBytes();
            return List.of(new String(bytes, StandardCharsets.UTF_8).split("\n", -1)).stream()
                    .filter(line -> !line.isBlank())
                    .map(JsonRow::parse);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void keepsItsIds(JsonRow given) throws IOException {
        byte[] model = Base64.getDecoder().decode(given.text("model"));
        Path directory = directory(model);
        Path gguf = folder.resolve("model.gguf");
        if (given.text("name").equals("bpe-suffix")) {
            assertThatThrownBy(() -> convert(directory, gguf))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("puts spaces behind words");
            return;
        }
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
                assertThat(tokenizer.addBos()).isTrue();
                assertThat(tokenizer.addEos()).isFalse();
            }
        }
        assertThat(again).hasSameBinaryContentAs(gguf);
    }

    private Path directory(byte[] model) throws IOException {
        int size = Tokenizers.sentencePiece(model, TokenizerOptions.defaults()).vocabularySize();
        Path directory =
                new ModelDirectory("llama")
                        .set("vocab_size", size)
                        .set("_name_or_path", "\"small\"")
                        .tensor("model.embed_tokens.weight", size, ModelDirectory.HIDDEN)
                        .write(folder.resolve("directory"));
        Files.write(directory.resolve("tokenizer.model"), model);
        return directory;
    }

    private static void convert(Path from, Path to) throws IOException {
        Options options = new Options(Optional.empty(), false, OptionalLong.empty(), false);
        Conversion.run(from, to, options, (_, _, _) -> {});
    }
}
