package mobilellm.testing;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import mobilellm.file.JsonReader;
import mobilellm.file.JsonText;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;

/// A server on this machine that speaks OpenAI's protocol for chat completions, and can be told to misbehave.
public final class LocalJudge implements AutoCloseable {
    /// Tokens that each answer says it cost.
    public static final int TOKENS = 100;

    /// What arrived.
    public record Request(String path, Headers headers, String body) {
        /// The text of the user's message.
        public String user() {
            Map<String, Object> object =
                    JsonReader.readObject(body.getBytes(StandardCharsets.UTF_8), "the request");
            List<?> messages = (List<?>) object.getOrDefault("messages", List.of());
            return String.valueOf(((Map<?, ?>) messages.getLast()).get("content"));
        }
    }

    /// One answer that replaces the usual one.
    public interface Reply {
        /// Answers.
        void to(HttpExchange exchange) throws IOException;
    }

    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Queue<Reply> replies = new ConcurrentLinkedQueue<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;
    private final UnaryOperator<String> judgement;

    /// @param judgement what it says to the text of a user's message
    public LocalJudge(UnaryOperator<String> judgement) throws IOException {
        this.judgement = judgement;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/v1");
    }

    public List<Request> requests() {
        return List.copyOf(requests);
    }

    /// The next answers, instead of the usual ones.
    public void answers(Reply... next) {
        replies.addAll(List.of(next));
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body =
                    new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            Request request =
                    new Request(
                            exchange.getRequestURI().toString(),
                            exchange.getRequestHeaders(),
                            body);
            requests.add(request);
            Reply reply = replies.poll();
            if (reply == null) {
                status(200, completion(judgement.apply(request.user()))).to(exchange);
            } else {
                reply.to(exchange);
            }
        } catch (IOException e) {
            // The client has gone away: that is what some tests are about.
        }
    }

    /// A whole answer with this text.
    public static String completion(String text) {
        return JsonText.of(
                Map.of(
                        "choices",
                        List.of(Map.of("message", Map.of("role", "assistant", "content", text))),
                        "usage",
                        Map.of("total_tokens", TOKENS)));
    }

    /// An answer with this status, body and headers.
    public static Reply status(int status, String body, String... headers) {
        return exchange -> {
            for (int i = 0; i < headers.length; i += 2) {
                exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
            }
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        };
    }

    /// Announces a whole answer, sends half of it and breaks the connection.
    public static Reply broken() {
        return LocalJudge::half;
    }

    /// Sends half of an answer and then nothing, with the connection open.
    public Reply stalled() {
        return exchange -> {
            half(exchange);
            await();
        };
    }

    /// Says nothing at all, with the connection open.
    public Reply silent() {
        return exchange -> await();
    }

    /// Sends an answer byte by byte.
    public static Reply slow(String text) {
        return exchange -> {
            exchange.sendResponseHeaders(200, 0);
            OutputStream body = exchange.getResponseBody();
            for (byte one : completion(text).getBytes(StandardCharsets.UTF_8)) {
                body.write(one);
                body.flush();
            }
        };
    }

    private static void half(HttpExchange exchange) throws IOException {
        byte[] bytes = completion("[[9]]").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes, 0, bytes.length / 2);
        exchange.getResponseBody().flush();
    }

    private void await() {
        try {
            closing.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.close();
    }
}
