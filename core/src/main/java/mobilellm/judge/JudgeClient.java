package mobilellm.judge;

import mobilellm.file.JsonReader;
import mobilellm.file.JsonText;
import mobilellm.file.Printable;
import mobilellm.http.Address;
import mobilellm.http.NoConnection;
import mobilellm.http.Retries;
import mobilellm.http.RetryAfter;
import mobilellm.http.Sender;
import mobilellm.http.TryAgain;
import mobilellm.judge.JudgePrompts.Wording;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// Asks a judge behind any endpoint that speaks OpenAI's protocol for chat completions, within a budget.
public final class JudgeClient implements AutoCloseable {
    private static final int LARGEST = 1 << 22;
    private static final Duration WHOLE = Duration.ofMinutes(10);

    /// What came back.
    ///
    /// @param text of the judge
    /// @param tokens that it cost, or -1 where the endpoint does not tell
    private record Reply(String text, long tokens) {}

    private final JudgeOptions options;
    private final Budget budget;
    private final Retries.Sleeper sleeper;
    private final Consumer<String> notes;
    private final Sender sender;

    public JudgeClient(JudgeOptions options, Budget budget, Consumer<String> notes) {
        this(options, budget, notes, Thread::sleep);
    }

    JudgeClient(
            JudgeOptions options, Budget budget, Consumer<String> notes, Retries.Sleeper sleeper) {
        this.options = options;
        this.budget = budget;
        this.notes = notes;
        this.sleeper = sleeper;
        this.sender = new Sender(options.patience());
    }

    /// The body of a request: always the same for the same question, so that a reply can be found again.
    static String body(JudgeOptions options, Wording wording) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("model", options.model());
        body.put(
                "messages",
                List.of(message("system", wording.system()), message("user", wording.user())));
        body.put("temperature", 0);
        body.put("max_tokens", options.maxTokens());
        return JsonText.of(body);
    }

    private static Map<String, Object> message(String role, String content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    /// The most tokens that a request may cost: a token of English text has some four bytes, here it counts as three.
    static long mostTokens(JudgeOptions options, String body) {
        return body.getBytes(StandardCharsets.UTF_8).length / 3 + 1L + options.maxTokens();
    }

    /// What the judge says.
    ///
    /// @throws JudgeException if it cannot be asked, says nothing that can be read, or the budget is used up
    String ask(String body) throws IOException, InterruptedException {
        return new Retries(options.patience(), sleeper, notes, JudgeException::new)
                .run(() -> attempt(body));
    }

    private String attempt(String body) throws IOException, InterruptedException {
        long reserved = mostTokens(options, body);
        budget.reserve(reserved);
        HttpRequest.Builder request =
                HttpRequest.newBuilder()
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body));
        options.key().ifPresent(key -> request.header("Authorization", "Bearer " + key));
        Sender.Reply reply;
        try {
            reply = sender.send(options.address(), request);
        } catch (NoConnection e) {
            budget.settle(reserved, 0);
            throw new JudgeException(e.getMessage() + "", e);
        }
        try (var content = reply.body()) {
            byte[] bytes =
                    content.all(LARGEST, options.silence(), WHOLE)
                            .orElseThrow(
                                    () ->
                                            new JudgeException(
                                                    Address.shown(options.address())
                                                            + " goes on after "
                                                            + LARGEST
                                                            + " bytes"));
            if (reply.status() != 200) {
                // A failure of its own may come after the work; what it cost is not told.
                if (reply.status() < 500) {
                    budget.settle(reserved, 0);
                }
                throw refusal(reply, bytes);
            }
            Reply read = read(bytes);
            if (read.tokens() >= 0) {
                budget.settle(reserved, read.tokens());
            }
            return read.text();
        }
    }

    private IOException refusal(Sender.Reply reply, byte[] bytes) {
        String told =
                Address.shown(options.address()) + " answered " + reply.status() + message(bytes);
        return switch (reply.status()) {
            case 401, 403 ->
                    new JudgeException(
                            told
                                    + (options.key().isPresent()
                                            ? ": the judge's key is not accepted"
                                            : ": it wants a key"));
            case 404 ->
                    new JudgeException(
                            told
                                    + ": no such address, or no model "
                                    + Printable.quote(options.model())
                                    + "; most endpoints end in /v1");
            case 408, 429 -> new TryAgain(told + " (busy)", RetryAfter.of(reply.headers()));
            default ->
                    reply.status() >= 500
                            ? new TryAgain(
                                    told + " (its own failure)", RetryAfter.of(reply.headers()))
                            : new JudgeException(told);
        };
    }

    /// What the endpoint itself says of a failure: `{"error": {"message": …}}`.
    private static String message(byte[] bytes) {
        try {
            Map<String, Object> body = JsonReader.readObject(bytes, "the answer");
            if (body.get("error") instanceof Map<?, ?> error
                    && error.get("message") instanceof String text) {
                return " (" + Printable.line(text) + ")";
            }
        } catch (MalformedFileException e) {
            // A page of a proxy, or nothing: the status says enough.
        }
        return "";
    }

    private Reply read(byte[] bytes) throws TryAgain {
        try {
            Map<String, Object> body = JsonReader.readObject(bytes, "the answer");
            if (body.get("choices") instanceof List<?> choices
                    && !choices.isEmpty()
                    && choices.getFirst() instanceof Map<?, ?> choice
                    && choice.get("message") instanceof Map<?, ?> message
                    && message.get("content") instanceof String text) {
                return new Reply(text, tokens(body));
            }
        } catch (MalformedFileException e) {
            throw garbage(" (" + e.getMessage() + ")");
        }
        throw garbage("");
    }

    private static long tokens(Map<String, Object> body) {
        return body.get("usage") instanceof Map<?, ?> usage
                        && usage.get("total_tokens") instanceof Number total
                        && total.longValue() >= 0
                ? total.longValue()
                : -1;
    }

    private TryAgain garbage(String why) {
        return new TryAgain(
                Address.shown(options.address())
                        + " answered with something that is no chat completion"
                        + why,
                Optional.empty());
    }

    @Override
    public void close() {
        sender.close();
    }
}
