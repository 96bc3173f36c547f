package mobilellm.evaluation.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.tensor.MalformedFileException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What is wrong with a data file is said with the file, the line and the document.
class MalformedDataTest {
    @TempDir Path folder;

    private List<Document> read(String task, String file, String content) throws IOException {
        Files.write(folder.resolve(file), content.getBytes(StandardCharsets.ISO_8859_1));
        return Profile.HARNESS.select(List.of(task)).getFirst().read(new DataFolder(folder, false));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'id':'x','choices':['a','b'],'gold':0} | the field 'question' is missing,"
                        + " expected a text",
                "{'id':'x','question':7,'choices':['a','b'],'gold':0} | the field 'question' is"
                        + " '7', expected a text",
                "{'id':'x','question':'q','choices':['a','b'],'gold':2} | 'gold' is '2', expected a"
                        + " number from 0 to 1",
                "{'id':'x','question':'q','choices':['a','b'],'gold':-1} | a number from 0 to 1",
                "{'id':'x','question':'q','choices':['a',''],'gold':0} | choice 1 of the field"
                        + " 'choices' is empty",
                "{'id':'x','question':'q','choices':['a'],'gold':0} | less than two choices",
                "{'id':'x','question':'q','choices':['a',1],'gold':0} | expected a list of texts",
                "{'id':'x','question':'q' | not well-formed JSON",
                "{'id':'x','question':'\u00ff'} | UTF-8",
            })
    void aMalformedRowIsNamed(String row, String problem) {
        String good =
                "{\"id\":\"fine\",\"question\":\"q\",\"choices\":[\"a\",\"b\"],\"gold\":1}\n\n";
        assertThatThrownBy(
                        () ->
                                read(
                                        "arc_easy",
                                        "arc_easy.test.jsonl",
                                        good + row.replace('\'', '"') + "\n"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("arc_easy.test.jsonl line 3")
                .hasMessageContaining(problem);
    }

    @Test
    void theDocumentsIdIsInTheMessage() {
        assertThatThrownBy(
                        () ->
                                read(
                                        "arc_easy",
                                        "arc_easy.test.jsonl",
                                        "{\"id\":\"Mercury_1\",\"question\":\"q\"}"))
                .hasMessageContaining("line 1, id 'Mercury_1': ");
    }

    @Test
    void whatIsMissingOrAlteredIsToldWithWhatIsExpected() throws IOException {
        Task task = Profile.HARNESS.select(List.of("winogrande")).getFirst();
        assertThatThrownBy(() -> task.read(new DataFolder(folder, true)))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("there is no file", "winogrande_xl", "1,267 lines");
        String row = "{\"sentence\":\"A _ b.\",\"option1\":\"x\",\"option2\":\"y\",\"gold\":1}\n";
        assertThat(read("winogrande", "winogrande_xl.validation.jsonl", row)).hasSize(1);
        assertThatThrownBy(() -> task.read(new DataFolder(folder, true)))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContainingAll("and 1 lines", "sha256 1b8255b1", "1,267 lines");
        assertThatThrownBy(() -> read("winogrande", "winogrande_xl.validation.jsonl", "\n"))
                .hasMessageContaining("holds no documents");
    }

    @Test
    void aSentenceWithoutGapAndAnAnswerWithoutLetterAreErrors() {
        assertThatThrownBy(
                        () ->
                                read(
                                        "winogrande",
                                        "winogrande_xl.validation.jsonl",
                                        "{\"sentence\":\"A b.\"}"))
                .hasMessageContaining("no gap");
        assertThatThrownBy(
                        () ->
                                read(
                                        "race",
                                        "race.subset1000.jsonl",
                                        "{\"example_id\":\"high1\",\"article\":\"a\",\"question\":\"q\",\"options\":[\"x\",\"y\"],\"answer\":\"C\"}"))
                .hasMessageContaining("expected one of the letters AB");
    }

    @Test
    void nothingThatIsAskedMayBeEmpty() {
        String winogrande = "winogrande_xl.validation.jsonl";
        assertThatThrownBy(
                        () ->
                                read(
                                        "winogrande",
                                        winogrande,
                                        "{\"id\":7,\"sentence\":\"A _ b.\",\"option1\":\""
                                                + " \",\"option2\":\"x\",\"gold\":0}"))
                .hasMessageContainingAll("line 1", "id '7'", "'option1' is empty");
        assertThatThrownBy(
                        () ->
                                read(
                                        "winogrande",
                                        winogrande,
                                        "{\"sentence\":\"A _"
                                            + " \",\"option1\":\"y\",\"option2\":\"x\",\"gold\":0}"))
                .hasMessageContaining("nothing follows the gap");
        assertThatThrownBy(
                        () ->
                                read(
                                        "lambada_openai",
                                        "lambada_openai.test.jsonl",
                                        "{\"context\":\"a\",\"continuation\":\"\"}"))
                .hasMessageContaining("'continuation' is empty");
    }

    @Test
    void anUnknownTaskIsAnsweredWithTheKnownOnes() {
        assertThatThrownBy(() -> Profile.HARNESS.select(List.of("arc_eazy")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("'arc_eazy'", "paper8", "arc_easy");
        assertThat(Profile.LLAMA_PAPER.select(List.of("paper8", "piqa"))).hasSize(8);
    }
}
