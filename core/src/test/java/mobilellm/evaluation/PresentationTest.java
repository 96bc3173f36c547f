package mobilellm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.evaluation.task.DataFolder;
import mobilellm.evaluation.task.Document;
import mobilellm.evaluation.task.Pair;
import mobilellm.evaluation.task.Profile;
import mobilellm.evaluation.task.Question;
import mobilellm.evaluation.task.Task;
import mobilellm.evaluation.task.Task.Examples;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Examples, instructions and chat templates stand around a question as lm-evaluation-harness puts them.
class PresentationTest {
    @TempDir Path folder;
    private final Task task = Profile.HARNESS.select(List.of("openbookqa")).getFirst();

    private List<Document> documents(int count) throws IOException {
        write("openbookqa.test.jsonl", "", count);
        return task.read(new DataFolder(folder, false));
    }

    private void write(String name, String mark, int count) throws IOException {
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < count; i++) {
            rows.append(
                    "{\"id\":%d,\"question\":\"%sq%d\",\"choices\":[\"no\",\"a%d\"],\"gold\":1}\n"
                            .formatted(i, mark, i, i));
        }
        Files.writeString(folder.resolve(name), rows);
    }

    private static List<String> contexts(List<Document> presented) {
        return presented.stream()
                .map(document -> document.question().pairs().getFirst().context())
                .toList();
    }

    /// CPython's `Random(1234).sample(range(40), 3)` is 28, 7, 0, then 5, 37, 2.
    @Test
    void examplesAreThoseThatPythonDraws() throws IOException {
        List<Document> all = documents(40);
        Presentation two = new Presentation(2, "", Optional.empty());
        Examples own = task.examples(new DataFolder(folder, false), all);
        assertThat(contexts(two.present(task, all.subList(0, 2), own)))
                .containsExactly("q28 a28\n\nq7 a7\n\nq0", "q5 a5\n\nq37 a37\n\nq1");
        assertThat(contexts(two.present(task, List.of(all.get(28)), own)).getFirst())
                .doesNotContain("q28 a28")
                .endsWith("q28");
        assertThatThrownBy(() -> two.present(task, all, new Examples(all.subList(0, 1), false, "")))
                .hasMessageContaining("2 examples of task openbookqa");
    }

    /// CPython's `Random(1234).sample(range(40), 2)` is 28, 7, then 0, 5; a set without a test split has one more drawn.
    @Test
    void examplesAreOfTheTrainingSplitWhereItIs() throws IOException {
        List<Document> asked = documents(40).subList(0, 2);
        write("openbookqa.train.jsonl", "t", 40);
        Presentation two = new Presentation(2, "", Optional.empty());
        Examples training = task.examples(new DataFolder(folder, false), asked);
        assertThat(contexts(two.present(task, asked, training)))
                .containsExactly("tq28 a28\n\ntq7 a7\n\nq0", "tq0 a0\n\ntq5 a5\n\nq1");
        write("openbookqa.validation.jsonl", "v", 2);
        Task validation = Profile.HARNESS.select(List.of("openbookqa_validation")).getFirst();
        assertThat(
                        contexts(
                                two.present(
                                        task,
                                        asked,
                                        validation.examples(new DataFolder(folder, false), asked))))
                .containsExactly("tq28 a28\n\ntq7 a7\n\nq0", "tq5 a5\n\ntq37 a37\n\nq1");
    }

    @Test
    void anInstructionComesFirst() throws IOException {
        Presentation presentation = new Presentation(0, "Be brief.\n\n", Optional.empty());
        List<Document> all = documents(2);
        assertThat(
                        contexts(
                                presentation.present(
                                        task,
                                        all,
                                        task.examples(new DataFolder(folder, false), all))))
                .containsExactly("Be brief.\n\nq0", "Be brief.\n\nq1");
        assertThat(
                        contexts(
                                Presentation.PLAIN.present(
                                        task,
                                        all,
                                        task.examples(new DataFolder(folder, false), all))))
                .containsExactly("q0", "q1");
    }

    @Test
    void anAnswerInAChatBeginsWithoutABlank() throws IOException {
        Presentation chat =
                new Presentation(
                        0, "S", Optional.of((system, user) -> "<" + system + "|" + user + ">"));
        List<Document> all = documents(1);
        Question question =
                chat.present(task, all, task.examples(new DataFolder(folder, false), all))
                        .getFirst()
                        .question();
        assertThat(question.pairs())
                .containsExactly(new Pair("<S|q0>", "no"), new Pair("<S|q0>", "a0"));
    }
}
