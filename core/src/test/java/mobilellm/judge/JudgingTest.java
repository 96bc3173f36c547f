package mobilellm.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import mobilellm.testing.LocalJudge;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;

/// Answers are rated and compared as MT-Bench does, and nothing is asked twice.
class JudgingTest {
    private static final String PROMPTS =
            """
            {"name":"single-v1","system_prompt":"S","prompt_template":"Rate {{x}}: {question} -> {answer}"}
            {"name":"single-v1-multi-turn","system_prompt":"S","prompt_template":"Rate: {question_1} -> {answer_1}; {question_2} -> {answer_2}"}
            {"name":"single-math-v1","system_prompt":"S","prompt_template":"Rate: {question} ({ref_answer_1}) -> {answer}"}
            {"name":"single-math-v1-multi-turn","system_prompt":"S","prompt_template":"Rate: {question_2} ({ref_answer_2}) -> {answer_2}"}
            {"name":"pair-v2","system_prompt":"S","prompt_template":"{question}: {answer_a} | {answer_b}"}
            {"name":"pair-v2-multi-turn","system_prompt":"S","prompt_template":"{question_2}: {answer_a_2} | {answer_b_2}"}
            {"name":"pair-math-v1","system_prompt":"S","prompt_template":"{ref_answer_1}: {answer_a} | {answer_b}"}
            {"name":"pair-math-v1-multi-turn","system_prompt":"S","prompt_template":"{ref_answer_2}: {answer_a_2} | {answer_b_2}"}
            """;

    private static final String QUESTIONS =
            """
            {"question_id":81,"category":"writing","turns":["q81","r81"]}
            {"question_id":82,"category":"math","turns":["q82","r82"]}
            """;

    @TempDir Path folder;
    private List<ChatQuestion> questions;
    private JudgePrompts prompts;

    @BeforeEach
    void write() throws IOException {
        questions = ChatFormat.MT_BENCH.questions(file("question.jsonl", QUESTIONS));
        prompts = JudgePrompts.read(file("judge_prompts.jsonl", PROMPTS));
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private Map<String, ChatAnswer> answers(String mark) throws IOException {
        List<ChatAnswer> answers =
                questions.stream()
                        .map(
                                one ->
                                        new ChatAnswer(
                                                one.id(),
                                                mark,
                                                List.of(mark + one.id(), mark + mark + one.id())))
                        .toList();
        Path file = file(mark + ".jsonl", ChatFormat.MT_BENCH.text(questions, answers, 1.5));
        return ChatFormat.of(file).answers(file);
    }

    private List<Judgement> judge(List<JudgeTask> tasks, LocalJudge server, Budget budget)
            throws IOException, InterruptedException {
        JudgeOptions options = new JudgeOptions(server.endpoint(), "judge-1", Optional.empty());
        try (Judging judging = new Judging(options, folder.resolve("journal"));
                JudgeClient client = new JudgeClient(options, budget, note -> {}, pause -> {})) {
            return judging.judge(tasks, client, done -> {});
        }
    }

    private static List<OptionalDouble> values(List<Judgement> judgements) {
        return judgements.stream().map(Judgement::value).toList();
    }

    @Test
    void bothTurnsAreRatedMathBesideItsReference() throws Exception {
        List<JudgeTask> tasks = JudgeTask.ratings(questions, answers("a"), answers("ref"), prompts);
        assertThat(tasks.stream().map(task -> task.wordings().getFirst().user()))
                .containsExactly(
                        "Rate {x}: q81 -> a81",
                        "Rate: q81 -> a81; r81 -> aa81",
                        "Rate: q82 (ref82) -> a82",
                        "Rate: r82 (refref82) -> aa82");
        UnaryOperator<String> ratings =
                user ->
                        user.contains("refref82")
                                ? "I cannot say."
                                : user.contains("ref82") ? "So: [4.5]." : "[3] or [[8]]";
        try (LocalJudge server = new LocalJudge(ratings)) {
            List<Judgement> judgements = judge(tasks, server, new Budget(9, 1_000_000));
            assertThat(values(judgements))
                    .containsExactly(
                            OptionalDouble.of(8),
                            OptionalDouble.of(8),
                            OptionalDouble.of(4.5),
                            OptionalDouble.empty());
            List<Judgement.Score> scores = Judgement.scores(judgements);
            assertThat(scores.stream().map(Judgement.Score::name))
                    .containsExactly("turn 1", "turn 2", "all", "writing", "math");
            // (8 + 4.5) / 2; half of the difference, by the definition of a standard error of two.
            assertThat(scores.getFirst().value()).hasValue(6.25);
            assertThat(scores.getFirst().error().orElseThrow()).isCloseTo(1.75, within(1e-12));
            assertThat(scores.get(1))
                    .isEqualTo(
                            new Judgement.Score(
                                    "turn 2", 1, 1, OptionalDouble.of(8), OptionalDouble.empty()));
            assertThat(scores.get(2).value().orElseThrow()).isCloseTo(20.5 / 3, within(1e-12));
        }
        assertThatThrownBy(() -> JudgeTask.ratings(questions, answers("a"), Map.of(), prompts))
                .hasMessageContainingAll("reference answer (--references)", "question '82'");
        assertThatThrownBy(() -> JudgeTask.ratings(questions, Map.of(), Map.of(), prompts))
                .hasMessageContaining("no answer to all 2 turns of question '81'");
    }

    @Test
    void aJudgeThatFavoursAPlaceSaysNothing() throws Exception {
        List<JudgeTask> tasks =
                JudgeTask.comparisons(
                        questions, answers("a"), answers("b"), answers("ref"), prompts);
        try (LocalJudge first = new LocalJudge(user -> "[[A]]")) {
            assertThat(values(judge(tasks, first, new Budget(99, 1_000_000))))
                    .containsOnly(OptionalDouble.of(0.5));
            assertThat(first.requests().stream().map(LocalJudge.Request::user).limit(2))
                    .containsExactly("q81: a81 | b81", "q81: b81 | a81");
        }
        // It likes `a` best, says nothing of question 82 and calls the second turn of 81 a tie.
        UnaryOperator<String> fair =
                user ->
                        user.startsWith("ref")
                                ? "Hm."
                                : user.startsWith("r81")
                                        ? "[[C]]"
                                        : user.contains(": a") ? "[[A]]" : "[[B]]";
        try (LocalJudge second = new LocalJudge(fair)) {
            List<Judgement> judgements = judge(tasks, second, new Budget(99, 1_000_000));
            assertThat(values(judgements))
                    .containsExactly(
                            OptionalDouble.of(1),
                            OptionalDouble.of(0.5),
                            OptionalDouble.empty(),
                            OptionalDouble.empty());
            assertThat(Judgement.scores(judgements).get(2).value()).hasValue(0.75);
        }
    }

    @Test
    void aRunThatWasKilledAsksOnlyWhatItHasNotHeard() throws Exception {
        List<JudgeTask> tasks = JudgeTask.ratings(questions, answers("a"), answers("ref"), prompts);
        try (LocalJudge server = new LocalJudge(user -> "[[" + user.length() % 10 + "]]")) {
            assertThatThrownBy(() -> judge(tasks, server, new Budget(3, 1_000_000)))
                    .hasMessageContaining("--max-requests");
            // As a kill leaves it: the last line is half written.
            Path journal = folder.resolve("journal");
            byte[] bytes = Files.readAllBytes(journal);
            Files.write(journal, Arrays.copyOf(bytes, bytes.length - 9));
            JudgeOptions options = new JudgeOptions(server.endpoint(), "judge-1", Optional.empty());
            try (Judging judging = new Judging(options, journal)) {
                assertThat(judging.estimate(tasks).requests()).isEqualTo(2);
            }
            List<Judgement> resumed = judge(tasks, server, new Budget(2, 1_000_000));
            assertThat(server.requests()).hasSize(5);
            assertThat(values(judge(tasks, server, new Budget(0, 0)))).isEqualTo(values(resumed));
            assertThat(values(resumed).getFirst()).hasValue("Rate {x}: q81 -> a81".length() % 10);
        }
    }

    @Test
    void filesAreThoseOfTheBenchmarks() throws Exception {
        answers("a");
        List<String> lines = Files.readAllLines(folder.resolve("a.jsonl"));
        assertThat(lines).hasSize(2);
        assertThat(lines.getFirst())
                .matches(
                        "\\{\"question_id\":81,\"answer_id\":\"\\w{22}\",\"model_id\":\"a\",\"choices\":\\[\\{\"index\":0,\"turns\":\\[\"a81\",\"aa81\"\\]\\}\\],\"tstamp\":1\\.5\\}");
        Path file =
                file(
                        "alpaca_eval.json",
                        " [{\"instruction\": \"Say \\u00e9.\", \"dataset\": \"koala\", \"output\":"
                                + " \"e\", \"generator\": \"g\"}]");
        ChatFormat format = ChatFormat.of(file);
        assertThat(format).isEqualTo(ChatFormat.ALPACA_EVAL);
        List<ChatQuestion> read = format.questions(file);
        assertThat(read)
                .containsExactly(new ChatQuestion("Say \u00e9.", "koala", List.of("Say \u00e9.")));
        assertThat(format.answers(file).values())
                .containsExactly(new ChatAnswer("Say \u00e9.", "g", List.of("e")));
        ChatAnswer answer = new ChatAnswer("Say \u00e9.", "m", List.of("\u00e9\n"));
        assertThat(format.text(read, List.of(answer), 0))
                .isEqualTo(
                        "[{\"dataset\":\"koala\",\"instruction\":\"Say"
                                + " \u00e9.\",\"output\":\"\u00e9\\n"
                                + "\",\"generator\":\"m\"}]\n");
    }

    @Test
    void malformedFilesAreNamedWithTheLine() throws Exception {
        Path twice = file("twice.jsonl", QUESTIONS + QUESTIONS);
        assertThatThrownBy(() -> ChatFormat.MT_BENCH.questions(twice))
                .hasMessageContainingAll("twice.jsonl line 3", "in the file twice");
        Path empty = file("empty.jsonl", "{\"question_id\":1,\"turns\":[]}");
        assertThatThrownBy(() -> ChatFormat.MT_BENCH.questions(empty))
                .hasMessageContainingAll("empty.jsonl line 1", "no turns");
        Path text = file("text.json", "hello");
        assertThatThrownBy(() -> ChatFormat.of(text)).hasMessageContaining("expected JSON");
        Path number = file("number.json", "[3]");
        assertThatThrownBy(() -> ChatFormat.ALPACA_EVAL.questions(number))
                .hasMessageContaining("list of objects");
        JudgePrompts few =
                JudgePrompts.read(
                        file(
                                "few.jsonl",
                                "{\"name\":\"single-v1\",\"system_prompt\":\"\",\"prompt_template\":\"{who}\"}"));
        assertThatThrownBy(() -> JudgeTask.ratings(questions, answers("a"), Map.of(), few))
                .hasMessageContainingAll("few.jsonl", "'single-v1'", "{who}");
        assertThatThrownBy(
                        () ->
                                JudgeTask.comparisons(
                                        questions, answers("a"), answers("b"), Map.of(), few))
                .hasMessageContainingAll("no prompt 'pair-v2'", "it has single-v1");
    }
}
