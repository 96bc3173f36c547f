package mobilellm.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.judge.JudgePrompts.Wording;
import mobilellm.testing.LocalJudge;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// A judge is asked through everything that an endpoint may do, and never more often than is allowed.
class JudgeClientTest {
    private static final String KEY = "sk-very-secret";
    private static final Wording WORDING =
            new Wording("single-v1", "You judge.", "Rate \"this\".\n");

    private final List<Duration> pauses = new CopyOnWriteArrayList<>();
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private LocalJudge judge;

    @BeforeEach
    void start() throws IOException {
        judge = new LocalJudge(user -> "Good. [[7]]");
    }

    @AfterEach
    void stop() {
        judge.close();
    }

    private JudgeOptions options(Duration stall, int attempts) {
        return new JudgeOptions(
                judge.endpoint(), "judge-1", Optional.of(KEY), 2048, stall, attempts);
    }

    private String ask(JudgeOptions options, Budget budget)
            throws IOException, InterruptedException {
        try (JudgeClient client = new JudgeClient(options, budget, notes::add, pauses::add)) {
            return client.ask(JudgeClient.body(options, WORDING));
        }
    }

    private String ask() throws IOException, InterruptedException {
        return ask(options(Duration.ofSeconds(60), 4), new Budget(100, 1_000_000));
    }

    @Test
    void aRequestIsOneThatEveryEndpointKnows() throws Exception {
        assertThat(ask()).isEqualTo("Good. [[7]]");
        LocalJudge.Request request = judge.requests().getFirst();
        assertThat(request.path()).isEqualTo("/v1/chat/completions");
        assertThat(request.headers().getFirst("Authorization")).isEqualTo("Bearer " + KEY);
        assertThat(request.body())
                .isEqualTo(
                        "{\"model\":\"judge-1\",\"messages\":[{\"role\":\"system\",\"content\":\"You"
                            + " judge.\"},{\"role\":\"user\",\"content\":\"Rate \\\"this\\\".\\n"
                            + "\"}],\"temperature\":0,\"max_tokens\":2048}");
    }

    @Test
    void aBusyOrFailingEndpointIsAskedAgain() throws Exception {
        judge.answers(
                LocalJudge.status(
                        429, "{\"error\":{\"message\":\"slow down\"}}", "Retry-After", "7"),
                LocalJudge.status(500, "<html>"),
                LocalJudge.status(200, "{\"choices\":[]}"));
        assertThat(ask()).isEqualTo("Good. [[7]]");
        assertThat(pauses)
                .containsExactly(
                        Duration.ofSeconds(7), Duration.ofSeconds(2), Duration.ofSeconds(4));
        assertThat(notes.getFirst()).contains("answered 429 (slow down) (busy)", "again in 7 s");
        assertThat(notes).noneMatch(note -> note.contains(KEY));
        assertThat(judge.requests()).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "no JSON", "[]", "{\"choices\":[{\"message\":{}}]}", "{\"choices\":"})
    void garbageIsNoAnswer(String garbage) {
        LocalJudge.Reply reply = LocalJudge.status(200, garbage);
        judge.answers(reply, reply, reply, reply);
        assertThatThrownBy(this::ask)
                .isInstanceOf(JudgeException.class)
                .hasMessageContainingAll("no chat completion", "gave up after 4 attempts");
    }

    @Test
    void connectionsThatBreakStallOrSayNothingAreTriedAnew() throws Exception {
        judge.answers(
                LocalJudge.broken(), judge.stalled(), judge.silent(), LocalJudge.slow("[[3]]"));
        assertThat(ask(options(Duration.ofSeconds(2), 20), new Budget(100, 1_000_000)))
                .isEqualTo("[[3]]");
        assertThat(notes.toString()).contains("broke", "fell silent");
    }

    @Test
    void whatWillNotPassIsNotTriedAgain() {
        judge.answers(LocalJudge.status(401, "{\"error\":{\"message\":\"bad \\u001b[31m key\"}}"));
        assertThatThrownBy(this::ask)
                .hasMessageContainingAll("answered 401", "bad \\u001b[31m key", "not accepted")
                .hasMessageNotContaining(KEY);
        judge.answers(LocalJudge.status(404, ""));
        assertThatThrownBy(this::ask).hasMessageContainingAll("'judge-1'", "/v1");
        judge.answers(LocalJudge.status(400, "{\"error\":{\"message\":\"too long\"}}"));
        assertThatThrownBy(this::ask).hasMessageContaining("answered 400 (too long)");
        judge.answers(LocalJudge.status(302, "", "Location", "http://elsewhere.example/"));
        assertThatThrownBy(this::ask).hasMessageContaining("answered 302");
        judge.answers(LocalJudge.status(200, " ".repeat(5 << 20)));
        assertThatThrownBy(this::ask).hasMessageContaining("goes on after");
        judge.answers(LocalJudge.status(429, "", "Retry-After", "3600"));
        assertThatThrownBy(this::ask).hasMessageContaining("a pause of 3600 s");
        assertThat(judge.requests()).hasSize(6);
        assertThat(pauses).isEmpty();
    }

    @Test
    void requestsThatFailCountToo() {
        LocalJudge.Reply failure = LocalJudge.status(500, "");
        judge.answers(failure, failure, failure);
        assertThatThrownBy(() -> ask(options(Duration.ofSeconds(60), 9), new Budget(2, 1_000_000)))
                .hasMessageContainingAll("2 that are allowed", "--max-requests");
        assertThat(judge.requests()).hasSize(2);
    }

    @Test
    void aRequestThatCouldCostTooMuchIsNotMade() throws Exception {
        JudgeOptions options = options(Duration.ofSeconds(60), 1);
        long most = JudgeClient.mostTokens(options, JudgeClient.body(options, WORDING));
        assertThatThrownBy(() -> ask(options, new Budget(100, most - 1)))
                .hasMessageContaining("--max-tokens");
        assertThat(judge.requests()).isEmpty();
        Budget budget = new Budget(100, most + LocalJudge.TOKENS);
        ask(options, budget);
        ask(options, budget);
        assertThatThrownBy(() -> ask(options, budget)).hasMessageContaining("--max-tokens");
        assertThat(budget.requests()).isEqualTo(2);
        assertThat(budget.tokens()).isEqualTo(2 * LocalJudge.TOKENS);
        // What garbage cost, nobody says.
        judge.answers(LocalJudge.status(200, "?"));
        Budget other = new Budget(100, 2 * most);
        assertThatThrownBy(() -> ask(options, other)).hasMessageContaining("no chat completion");
        assertThat(other.tokens()).isEqualTo(most);
        // Nor what an endpoint spent before it failed; one that refuses spends nothing.
        judge.answers(LocalJudge.status(502, ""), LocalJudge.status(400, ""));
        Budget third = new Budget(100, 4 * most);
        assertThatThrownBy(() -> ask(options, third)).hasMessageContaining("502");
        assertThatThrownBy(() -> ask(options, third)).hasMessageContaining("400");
        assertThat(third.tokens()).isEqualTo(most);
    }

    @Test
    void aKeyGoesOverNoOpenWire() {
        assertThatThrownBy(
                        () ->
                                new JudgeOptions(
                                        URI.create("http://judge.example/v1"),
                                        "m",
                                        Optional.of(KEY)))
                .hasMessageContaining("not encrypted")
                .hasMessageNotContaining(KEY);
        assertThatThrownBy(() -> new JudgeOptions(judge.endpoint(), "m", Optional.of("a b")))
                .hasMessageNotContaining("a b");
        assertThatThrownBy(
                        () ->
                                new JudgeOptions(
                                        URI.create("ftp://judge.example"), "m", Optional.empty()))
                .hasMessageContaining("https://HOST/v1");
        assertThat(options(Duration.ofSeconds(1), 1).toString()).doesNotContain(KEY);
    }

    @Test
    void anEndpointThatIsNotThereIsNamed() {
        judge.close();
        assertThatThrownBy(this::ask)
                .isInstanceOf(JudgeException.class)
                .hasMessageContaining("no connection to 127.0.0.1");
    }
}
