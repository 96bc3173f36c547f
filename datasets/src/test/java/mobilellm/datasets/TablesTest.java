package mobilellm.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.evaluation.task.DataFolder;
import mobilellm.evaluation.task.Document;
import mobilellm.evaluation.task.Profile;
import mobilellm.evaluation.task.Question;
import mobilellm.evaluation.task.TableReader;
import mobilellm.evaluation.task.Task;
import mobilellm.tensor.MalformedFileException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;

/// Tables in the columns of Hugging Face's datasets hold the documents that our own files hold. The tables are
/// `dev/make_tables.py`'s.
class TablesTest {
    private static final Path HUB = Path.of("src/test/resources/hub").toAbsolutePath();

    @TempDir Path folder;

    private static List<TableReader> readers() {
        return ServiceLoader.load(TableReader.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }

    private static Task task(String name) {
        return Profile.HARNESS.select(List.of(name)).getFirst();
    }

    private static List<Question> questions(List<Document> documents) {
        return documents.stream().map(Document::question).toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    arc_easy | arc_easy.test | {"id":"a1","question":"Is ice cold?","choices":["Yes","No","\u00e9"],"gold":0}@{"id":"a2","question":"Two \uD83D\uDC0E?","choices":["a","b"],"gold":1}
                    openbookqa | openbookqa.test | {"question":"Stem 0","choices":["x","y0"],"gold":0}@{"question":"Stem 1","choices":["x","y1"],"gold":1}@{"question":"Stem 2","choices":["x","y2"],"gold":0}@{"question":"Stem 3","choices":["x","y3"],"gold":1}@{"question":"Stem 4","choices":["x","y4"],"gold":0}
                    openbookqa_validation | openbookqa.validation | {"question":"First","choices":["x","y"],"gold":1}@{"question":"Second","choices":["x","y"],"gold":0}
                    boolq | boolq.validation | {"title":"Title","passage":"It is -- so.","question":"is it so?","answer":true}
                    piqa | piqa.validation | {"goal":"Sit","choices":["down","up"],"gold":0}
                    social_iqa | social_iqa.validation | {"context":"C.","question":"Q?","choices":["a","b","c"],"gold":2}
                    hellaswag | hellaswag.validation | {"activity_label":"Running","ctx_a":"He runs.","ctx_b":"he","endings":["falls.","[step] sits."],"label":"1"}
                    winogrande | winogrande_xl.validation | {"sentence":"He saw _ go.","option1":"Al","option2":"Bo","gold":1}
                    triviaqa | triviaqa.wikipedia.validation | {"question":"Who?","answer":{"value":"He","aliases":["He","him"]}}
                    race | race.subset1000 | {"example_id":"high1","article":"An article.","question":"It's _ \u00e9 .","options":["a","say \\"b\\"","c\\n","d"],"answer":"B"}@{"example_id":"high1","article":"An article.","question":"Why?","options":["e","f","g","it's \\"h\\" \uD83D\uDC0E"],"answer":"A"}
                    lambada_openai | lambada_openai.test | {"context":"The last word is ","continuation":"here"}
                    """)
    void tablesAskWhatLinesAsk(String name, String file, String lines) throws IOException {
        Files.writeString(folder.resolve(file + ".jsonl"), lines.replace('@', '\n'));
        Task task = task(name);
        List<Document> expected = task.read(new DataFolder(folder, false));
        assertThat(questions(task.read(new DataFolder(HUB, false, readers()))))
                .isEqualTo(questions(expected));
    }

    @Test
    void pagesOfWikiTextHaveARowEach() throws IOException {
        Path file = folder.resolve("wikitext2.test.raw");
        Files.writeString(file, " = T = \n \n Hello , you . \n = U = \n Bye . \n");
        Task task = task("wikitext");
        List<Document> expected = task.read(new DataFolder(folder, false));
        List<Document> found = task.read(new DataFolder(HUB, false, readers()));
        assertThat(questions(found)).isEqualTo(questions(expected));
    }

    @Test
    void aFolderOfOneDataSetIsEnough() throws IOException {
        Path high = HUB.resolve("datasets--EleutherAI--race/snapshots/abc/high");
        DataFolder alone = new DataFolder(high, false, readers());
        assertThat(task("race_high").read(alone)).hasSize(1);
        assertThatThrownBy(() -> task("race_middle").read(alone))
                .hasMessageContaining("no documents of task race_middle");
        assertThatThrownBy(() -> task("race").read(new DataFolder(high, true, readers())))
                .hasMessageContainingAll("2 documents", "1436, 3498, 4934");
    }

    @Test
    void examplesComeFromTheTrainingSplit() throws IOException {
        DataFolder hub = new DataFolder(HUB, false, readers());
        Task.Examples examples = task("winogrande").examples(hub, List.of());
        assertThat(examples.pool()).hasSize(3);
        assertThat(examples.sha256()).hasSize(64);
        assertThat(task("piqa").examples(hub, List.of()).sha256()).isEmpty();
    }

    @Test
    void documentsThatAreNotTheKnownOnesAreRefused() {
        assertThatThrownBy(() -> task("arc_easy").read(new DataFolder(HUB, true, readers())))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContainingAll("allenai/ai2_arc ARC-Easy, split test", "2,376 documents");
    }

    @Test
    void severalVersionsOfADataSetAreToldApartByTheUser() throws IOException {
        String folders = "datasets--baber--piqa/snapshots/%s/data";
        for (String revision : List.of("abc", "def")) {
            Path place = Files.createDirectories(folder.resolve(folders.formatted(revision)));
            String name = "validation-00000-of-00001.parquet";
            Files.copy(HUB.resolve(folders.formatted("abc")).resolve(name), place.resolve(name));
        }
        assertThatThrownBy(() -> task("piqa").read(new DataFolder(folder, false, readers())))
                .hasMessageContainingAll("several versions", "abc", "def");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "allenai___openbookqa/main/0.0.0/abc/openbookqa-test.arrow",
                "allenai___openbookqa/main/0.0.0/abc/openbookqa-validation-00000-of-00002.arrow",
                "mandarjoshi___trivia_qa/rc.wikipedia.nocontext/0.0.0/abc/trivia_qa-validation.arrow",
                "datasets--Rowan--hellaswag/snapshots/abc/data/validation-00000-of-00001.parquet",
                "datasets--allenai--ai2_arc/snapshots/abc/ARC-Easy/test-00000-of-00001.parquet"
            })
    void damagedTablesAreRefusedOrRead(String name) throws IOException {
        byte[] whole = Files.readAllBytes(HUB.resolve(name));
        Path file = folder.resolve(name.replaceAll(".*/", ""));
        TableReader reader =
                readers().stream()
                        .filter(one -> one.endings().stream().anyMatch(name::endsWith))
                        .findFirst()
                        .orElseThrow();
        Files.write(file, whole);
        int rows = reader.rows(file).size();
        assertThat(rows).isPositive();
        int refused = 0;
        for (int i = 0; i < whole.length; i += name.endsWith(".arrow") ? 1 : 101) {
            Files.write(file, Arrays.copyOf(whole, i));
            refused += isRefused(reader, file) ? 1 : 0;
            // A Parquet file with another byte can keep its library waiting for a minute.
            if (name.endsWith(".arrow")) {
                byte[] damaged = whole.clone();
                damaged[i] ^= (byte) 0x81;
                Files.write(file, damaged);
                isRefused(reader, file);
            }
        }
        assertThat(refused).isPositive();
    }

    /// Anything but rows or this exception ends the test.
    private static boolean isRefused(TableReader reader, Path file) throws IOException {
        try {
            reader.rows(file);
            return false;
        } catch (MalformedFileException e) {
            assertThat(e.getMessage()).contains(file.toString());
            return true;
        }
    }
}
