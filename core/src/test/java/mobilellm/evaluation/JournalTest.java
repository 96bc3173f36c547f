package mobilellm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.config.LayerSharing;
import mobilellm.engine.PredictionScorer;
import mobilellm.engine.TinyEngine;
import mobilellm.evaluation.task.DataFolder;
import mobilellm.evaluation.task.Document;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Profile;
import mobilellm.evaluation.task.Question;
import mobilellm.evaluation.task.Task;
import mobilellm.tensor.MalformedFileException;
import mobilellm.testing.TinyModel;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/// A run that was stopped anywhere and resumed has the results of one that was not.
class JournalTest {
    private static final Map<String, String> RUN = Map.of("model", "abc", "date", "1");
    private static final List<String> IDENTITY = List.of("model");

    @TempDir Path folder;
    private Path file = Path.of("");
    private final Task arc = Profile.HARNESS.select(List.of("arc_easy")).getFirst();

    /// Documents whose answers are written.
    private final Task open =
            new Task(
                    "open",
                    "1",
                    arc.files(),
                    25,
                    rows ->
                            IntStream.range(0, 25)
                                    .mapToObj(
                                            i ->
                                                    new Document(
                                                            "open",
                                                            Map.of("id", i),
                                                            new Question.Open(
                                                                    "Who is " + i + "?",
                                                                    List.of("."),
                                                                    20,
                                                                    List.of("x"))))
                                    .toList(),
                    new Task.Framing("", ""),
                    List.of(Metric.EXACT_MATCH),
                    Metric.EXACT_MATCH);

    @BeforeEach
    void writeData() throws IOException {
        file = folder.resolve("journal");
        StringBuilder rows = new StringBuilder();
        Random random = new Random(4);
        for (int i = 0; i < 25; i++) {
            String word = Integer.toString(random.nextInt(1_000_000), 36);
            rows.append(
                    "{\"id\":%d,\"question\":\"What is the %s?\",\"choices\":[\"the\",\"%s\",\"no\"],\"gold\":%d}\n"
                            .formatted(i, word, word, i % 3));
        }
        Files.writeString(folder.resolve("arc_easy.test.jsonl"), rows);
    }

    /// @param scored told how often something was computed
    private List<TaskResult> run(Journal journal, int[] scored, int batchRows) throws IOException {
        try (TinyEngine engine = new TinyEngine("scalar", LayerSharing.NONE, 1);
                PredictionScorer scorer = engine.scorer(batchRows)) {
            Evaluation evaluation =
                    new Evaluation(
                            new PairEncoder(TinyModel.tokenizer(), TinyModel.CONTEXT),
                            scorer,
                            (prompts, written) -> {
                                for (int i = 0; i < prompts.size(); i++) {
                                    scored[0]++;
                                    written.accept(" \u00e9 " + prompts.get(i).ids()[7], i);
                                }
                            },
                            journal);
            List<Document> questions = arc.read(new DataFolder(folder, false));
            return List.of(
                    evaluation.run(arc, questions, (done, total) -> scored[0]++),
                    evaluation.run(
                            open, open.read(new DataFolder(folder, false)), (done, total) -> {}));
        }
    }

    private Journal journal(Map<String, String> settings, boolean isResumed) throws IOException {
        return Journal.open(file, settings, IDENTITY, isResumed);
    }

    @Test
    void aRunThatWasStoppedAnywhereEndsWithTheSameResultsAndJournal() throws IOException {
        List<TaskResult> expected;
        try (Journal journal = journal(RUN, false)) {
            expected = run(journal, new int[1], 512);
        }
        byte[] whole = Files.readAllBytes(file);
        for (int length : List.of(0, 5, 70, 300, 1000, 3001, whole.length - 1, whole.length)) {
            Files.write(file, Arrays.copyOf(whole, Math.min(length, whole.length)));
            int[] scored = new int[1];
            try (Journal journal = journal(Map.of("model", "abc", "date", "2"), true)) {
                // A journal that lost its beginning is a new run's.
                assertThat(journal.settings()).containsEntry("date", length > 60 ? "1" : "2");
                assertThat(run(journal, scored, 9))
                        .as("%d bytes", length)
                        .hasToString(expected.toString());
            }
            assertThat(scored[0] == 0).isEqualTo(length == whole.length);
            assertThat(results(Files.readAllBytes(file)))
                    .containsExactlyInAnyOrderElementsOf(results(whole));
        }
    }

    private static List<String> results(byte[] journal) {
        return new String(journal, StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.startsWith("run "))
                .toList();
    }

    @Test
    void anotherRunsJournalIsRefusedAndReplacedOnlyWhenTold() throws IOException {
        try (Journal journal = journal(RUN, false)) {
            run(journal, new int[1], 64);
            assertThatThrownBy(() -> journal(RUN, true))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("by another run");
        }
        assertThatThrownBy(() -> journal(Map.of("model", "def"), true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("model 'abc', this one has 'def'");
        try (Journal journal = journal(Map.of("model", "def"), false)) {
            assertThat(journal.size()).isZero();
        }
        assertThat(Files.readString(file).lines()).hasSize(1);
    }

    @Test
    void anotherRunOfTheSameModelComputesNothingTwice() throws IOException {
        Path earlier = file;
        List<TaskResult> expected;
        try (Journal journal = journal(RUN, false)) {
            expected = run(journal, new int[1], 64);
        }
        file = folder.resolve("later");
        Map<String, String> run = Map.of("model", "abc", "date", "2", "tasks", "fewer");
        int[] scored = new int[1];
        try (Journal journal = journal(run, false)) {
            journal.reuse(earlier, run, IDENTITY);
            assertThat(run(journal, scored, 64)).hasToString(expected.toString());
            assertThatThrownBy(() -> journal.reuse(earlier, Map.of("model", "def"), IDENTITY))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("model 'abc', this one has 'def': its results are not");
        }
        // And its own journal is complete.
        try (Journal journal = journal(run, true)) {
            assertThat(run(journal, scored, 64)).hasToString(expected.toString());
        }
        assertThat(scored[0]).isZero();
    }

    @Test
    void aLineThatIsDamagedInTheMiddleIsNamed() throws IOException {
        try (Journal journal = journal(RUN, false)) {
            run(journal, new int[1], 64);
        }
        byte[] damaged = Files.readAllBytes(file);
        damaged[damaged.length / 2] ^= 1;
        Files.write(file, damaged);
        assertThatThrownBy(() -> journal(RUN, true))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("is damaged");
    }
}
