package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

class TokenizeVerbTest {
    private static final int E_ACUTE_FIRST_BYTE = 0xc3;
    private static final int E_ACUTE_SECOND_BYTE = 0xa9;

    @TempDir Path folder;
    private String model = "";
    private Shell shell = new Shell();

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
        shell = new Shell().with("MOBILELLM_HOME", folder.resolve("home").toString());
    }

    @Test
    void printsIdsOnOneLine() {
        Shell.Result result = shell.run("tokenize", model, "Hello");
        assertThat(result).isEqualTo(new Shell.Result(0, "258 259 111\n", ""));
    }

    @Test
    void printsPiecesOneALine() {
        assertThat(shell.run("tokenize", model, "Hé\n", "--pieces").output())
                .isEqualTo("72\tH\n195\t�\n169\t�\n10\t\\n\n");
    }

    @Test
    void countsTokens() {
        assertThat(shell.run("tokenize", model, "Hello", "--count").output()).isEqualTo("3\n");
    }

    @Test
    void answersJsonWithIdsAndPieces() {
        Shell.Result result = shell.run("tokenize", model, "Hello", "--json");
        assertThat(result.json())
                .isEqualTo(
                        Map.of(
                                "ids", List.of(258, 259, 111),
                                "pieces", List.of("He", "ll", "o"),
                                "count", 3));
    }

    @Test
    void emptyTextIsNoToken() {
        assertThat(shell.run("tokenize", model, "")).isEqualTo(new Shell.Result(0, "\n", ""));
        assertThat(shell.input("").run("tokenize", model, "-", "--json").json().get("ids"))
                .isEqualTo(List.of());
    }

    @ParameterizedTest
    @CsvSource({"-", "''"})
    void readsStdin(String dash) {
        Shell typed = shell.input("Hé");
        Shell.Result result =
                dash.isEmpty() ? typed.run("tokenize", model) : typed.run("tokenize", model, dash);
        assertThat(result.output())
                .isEqualTo("72 " + E_ACUTE_FIRST_BYTE + " " + E_ACUTE_SECOND_BYTE + "\n");
    }

    @Test
    void readsAFile() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "Hello");
        assertThat(shell.run("tokenize", model, "--file", text.toString()).output())
                .isEqualTo("258 259 111\n");
    }

    @Test
    void aSingleWordIsTheTextWhereTheModelIsKnownOtherwise() {
        Shell.Result result = shell.with("MOBILELLM_MODEL", model).run("tokenize", "Hello");
        assertThat(result.output()).isEqualTo("258 259 111\n");
    }

    @Test
    void specialTokensAreParsedUnlessForbidden() {
        assertThat(shell.run("tokenize", model, "<|im_end|>").output()).isEqualTo("257\n");
        assertThat(shell.run("tokenize", model, "<|im_end|>", "--no-special", "--count").output())
                .isEqualTo("10\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"258,259,111", "258 259 111", "[258, 259, 111]"})
    void decodesIdsToExactlyTheirText(String ids) {
        assertThat(shell.run("tokenize", model, "--decode", ids))
                .isEqualTo(new Shell.Result(0, "Hello", ""));
    }

    @Test
    void decodesToJson() {
        assertThat(shell.run("tokenize", model, "--decode", "258 257", "--json").json())
                .isEqualTo(Map.of("text", "He<|im_end|>"));
        assertThat(shell.run("tokenize", model, "--decode", "258 257", "--no-special").output())
                .isEqualTo("He");
    }

    @Test
    void answersEveryLineOfAJsonlFile() {
        Shell.Result result =
                shell.input("{\"text\": \"Hello\"}\n\n{\"text\": \"\"}\n")
                        .run("tokenize", model, "--jsonl", "-");
        assertThat(result.error()).isEmpty();
        assertThat(result.output().lines())
                .containsExactly(
                        "{\"ids\":[258,259,111],\"pieces\":[\"He\",\"ll\",\"o\"],\"count\":3}",
                        "{\"ids\":[],\"pieces\":[],\"count\":0}");
    }

    @Test
    void decodesEveryLineOfAJsonlFile() {
        Shell.Result result =
                shell.input("{\"ids\": [258, 259]}\n{\"ids\": []}")
                        .run("tokenize", model, "--decode", "--jsonl", "-");
        assertThat(result.output().lines())
                .containsExactly("{\"text\":\"Hell\"}", "{\"text\":\"\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"text\": 1}    | line 1 of stdin: expected {\"text\": \"…\"}",
                "{\"text\"        | line 1 of stdin is not JSON",
                "[]               | line 1 of stdin: expected a JSON object {…}"
            })
    void badLinesAreNamed(String line, String sentence) {
        Shell.Result result = shell.input(line).run("tokenize", model, "--jsonl", "-");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).startsWith("error: " + sentence).hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"260", "-1,2", "4 x", "99999999999"})
    void idsOutsideTheVocabularyAreRefused(String ids) {
        Shell.Result result = shell.run("tokenize", "--decode", "--", model, ids);
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error())
                .startsWith("error: the ids: expected token ids from 0 to 259, got '")
                .hasLineCount(1);
    }

    @Test
    void bytesThatAreNoTextAreRefused() {
        Shell.Result result =
                shell.input(new byte[] {'a', (byte) 0xff}).run("tokenize", model, "-");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error())
                .isEqualTo("error: stdin is not UTF-8: byte 1 begins no character\n");
    }

    @ParameterizedTest
    @CsvSource({
        "--file a --jsonl b, exclude each other",
        "--pieces --count, exclude each other",
        "--decode --count, say nothing about --decode",
        "text --file a, the text is given twice"
    })
    void contradictingOptionsAreWrongUsage(String options, String sentence) {
        Shell.Result result = shell.run(("tokenize " + model + " " + options).split(" "));
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).startsWith("error: ").contains(sentence);
    }

    @Test
    void anUnquotedTextIsWrongUsage() {
        Shell.Result result = shell.run("tokenize", model, "two", "words");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.error()).contains("unexpected argument 'words'");
    }
}
