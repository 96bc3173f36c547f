package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.LocalJudge;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// `answer` and `judge`: from questions to a table.
class JudgeVerbTest {
    private static final String KEY = "sk-very-secret";
    private static final String QUESTIONS =
            """
            {"question_id":81,"category":"writing","turns":["Hello?","And?"]}
            {"question_id":82,"category":"stem","turns":["Why?","How?"]}
            """;
    private static final String PROMPTS =
            """
            {"name":"single-v1","system_prompt":"S","prompt_template":"{question} {answer}"}
            {"name":"single-v1-multi-turn","system_prompt":"S","prompt_template":"{question_2} {answer_2}"}
            {"name":"pair-v2","system_prompt":"S","prompt_template":"{answer_a}|{answer_b}"}
            """;

    @TempDir Path folder;
    private final Shell shell = new Shell();
    private LocalJudge judge;

    @BeforeEach
    void write() throws IOException {
        judge = new LocalJudge(user -> user.startsWith("why|") ? "[[A]]" : "[[B]] [[6]]");
        Files.writeString(folder.resolve("question.jsonl"), QUESTIONS);
        Files.writeString(folder.resolve("judge_prompts.jsonl"), PROMPTS);
        Files.writeString(
                folder.resolve("answers.jsonl"),
                """
                {"question_id":81,"model_id":"tiny","choices":[{"index":0,"turns":["a","b"]}]}
                {"question_id":82,"model_id":"tiny","choices":[{"index":0,"turns":["c","d"]}]}
                """);
    }

    @AfterEach
    void stop() {
        judge.close();
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private Shell.Result judged(String questions, String answers, String... options) {
        List<String> words =
                List.of(
                        "judge",
                        "--endpoint=" + judge.endpoint(),
                        "--judge=judge-1",
                        "--questions=" + path(questions),
                        "--answers=" + path(answers),
                        "--prompts=" + path("judge_prompts.jsonl"),
                        "--out=" + path("out"));
        return run(words, options);
    }

    private Shell.Result run(List<String> words, String... options) {
        return shell.run(Stream.concat(words.stream(), Stream.of(options)).toArray(String[]::new));
    }

    @Test
    void ratingsBecomeATableAndAFile() throws IOException {
        shell.with("MOBILELLM_JUDGE_KEY", KEY);
        Shell.Result result = judged("question.jsonl", "answers.jsonl", "--yes");
        assertThat(result.error())
                .contains("4 requests to judge-1 at 127.0.0.1, at most some 8,", "4 requests, 400")
                .doesNotContain(KEY);
        assertThat(result.exitCode()).isZero();
        assertThat(result.output())
                .startsWith("tiny, rated from 1 to 10 by judge-1\n")
                .containsPattern("\\|turn 2 +\\| +2\\| +0\\| *6.00\\|±  \\| *0.00\\|")
                .doesNotContain(KEY);
        assertThat(judge.requests().getFirst().headers().getFirst("Authorization"))
                .isEqualTo("Bearer " + KEY);
        List<String> lines = Files.readAllLines(folder.resolve("out/judgments.jsonl"));
        assertThat(lines).hasSize(4);
        assertThat(Json.readObject(lines.get(1), "a line"))
                .containsEntry("question_id", 81)
                .containsEntry("judge", List.of("judge-1", "single-v1-multi-turn"))
                .containsEntry("user_prompt", "And? b")
                .containsEntry("score", 6.0)
                .containsEntry("turn", 2);
        Shell.Result again = judged("question.jsonl", "answers.jsonl");
        assertThat(again.output()).isEqualTo(result.output());
        assertThat(judge.requests()).hasSize(4);
    }

    @Test
    void nothingIsAskedWithoutConsent() {
        Shell.Result silent = judged("question.jsonl", "answers.jsonl");
        assertThat(silent.exitCode()).isEqualTo(1);
        assertThat(silent.error()).contains("nothing was asked yet: 4 requests", "--yes");
        shell.onTerminal().input("\n");
        Shell.Result declined = judged("question.jsonl", "answers.jsonl");
        assertThat(declined.error()).contains("Go on? [y/N]", "error: nothing was asked");
        assertThat(judge.requests()).isEmpty();
        shell.input("y\n");
        Shell.Result limited =
                judged("question.jsonl", "answers.jsonl", "--max-requests=3", "--limit=2");
        assertThat(limited.error()).contains("--max-requests");
        assertThat(limited.exitCode()).isEqualTo(1);
        assertThat(judge.requests()).hasSize(3);
        shell.input("yes\n");
        assertThat(judged("question.jsonl", "answers.jsonl").exitCode()).isZero();
        assertThat(judge.requests()).hasSize(4);
    }

    @Test
    void twoModelsAreComparedInBothOrders() throws IOException {
        Files.writeString(
                folder.resolve("alpaca_eval.json"),
                "[{\"instruction\":\"Why?\",\"dataset\":\"d\",\"output\":\"why\",\"generator\":\"base\"},"
                    + "{\"instruction\":\"How?\",\"dataset\":\"d\",\"output\":\"how\",\"generator\":\"base\"}]");
        Files.writeString(
                folder.resolve("outputs.json"),
                "[{\"instruction\":\"How?\",\"output\":\"x\",\"generator\":\"tiny\"},"
                        + "{\"instruction\":\"Why?\",\"output\":\"y\",\"generator\":\"tiny\"}]");
        Shell.Result result =
                judged(
                        "alpaca_eval.json",
                        "outputs.json",
                        "--baseline=" + path("alpaca_eval.json"),
                        "--yes",
                        "--json");
        assertThat(result.exitCode()).isZero();
        // Of "Why?" the baseline wins in both orders; of "How?" the judge favours the second place.
        assertThat(result.json())
                .containsEntry("metric", "win_rate")
                .containsEntry("baseline", "base")
                .containsEntry("requests", 4);
        assertThat(result.json())
                .extractingByKey("scores")
                .asString()
                .isEqualTo("[{name=all, questions=2, without_verdict=0, value=0.25, stderr=0.25}]");
        assertThat(Files.readAllLines(folder.resolve("out/judgments.jsonl")).getFirst())
                .contains("\"g1_winner\":\"model_2\",\"g2_winner\":\"model_2\"");
    }

    private Shell.Result answered(String questions, String out, String... options)
            throws IOException {
        Path model = TinyModel.write(folder.resolve("tiny.gguf"));
        return run(
                List.of(
                        "answer",
                        model.toString(),
                        "--questions=" + path(questions),
                        "--out=" + path(out)),
                options);
    }

    @Test
    void answersDependOnNothingButTheSeed() throws IOException {
        String[] options = {"-n=3", "--seed=7"};
        Shell.Result result = answered("question.jsonl", "one.jsonl", options);
        assertThat(result.error()).doesNotContain("error");
        assertThat(result.output()).contains("one.jsonl: 4 answers to 2 questions");
        answered("question.jsonl", "two.jsonl", "-n=3", "--seed=7", "--streams=1");
        List<String> one = Files.readAllLines(folder.resolve("one.jsonl"));
        assertThat(one).hasSize(2);
        assertThat(one.getFirst())
                .startsWith("{\"question_id\":81,\"answer_id\":\"")
                .contains("\"model_id\":\"tiny.gguf\",\"choices\":[{\"index\":0,\"turns\":[");
        assertThat(withoutTime(Files.readString(folder.resolve("two.jsonl"))))
                .isEqualTo(withoutTime(String.join("\n", one) + "\n"));
        assertThat(folder.resolve("one.jsonl.journal")).doesNotExist();
        Shell.Result again = answered("question.jsonl", "one.jsonl", options);
        assertThat(again.error()).contains("one.jsonl", "is there already", "--force");
        Files.writeString(folder.resolve("new.jsonl.journal"), "");
        assertThat(answered("question.jsonl", "new.jsonl", options).error())
                .contains("new.jsonl.journal", "a run that was stopped", "--resume");
        assertThat(answered("question.jsonl", "new.jsonl", "-n=3", "--resume").exitCode()).isZero();
    }

    private static String withoutTime(String answers) {
        return answers.replaceAll("\"tstamp\":[0-9.E]+", "");
    }

    @Test
    void instructionsAreAnsweredInAlpacaEvalsForm() throws IOException {
        Files.writeString(
                folder.resolve("alpaca_eval.json"),
                "[{\"instruction\":\"Hi\",\"dataset\":\"koala\"},{\"instruction\":\"Ho\",\"dataset\":\"d\"}]");
        Shell.Result result =
                answered(
                        "alpaca_eval.json", "outputs.json", "-n=3", "--temperature=0", "--limit=1");
        assertThat(result.exitCode()).isZero();
        assertThat(Files.readString(folder.resolve("outputs.json")))
                .startsWith("[{\"dataset\":\"koala\",\"instruction\":\"Hi\",\"output\":\"")
                .endsWith("\"generator\":\"tiny.gguf\"}]\n");
    }
}
