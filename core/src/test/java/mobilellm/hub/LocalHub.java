package mobilellm.hub;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A server on this machine that behaves like the model hub: as `127.0.0.1` it is the hub, which answers for a file with its sum, its
/// size and a redirect; as `localhost` it is the storage host, which has the bytes, ranges and an entity tag.
final class LocalHub implements AutoCloseable {
    /// What arrived.
    record Request(String host, String path, Headers headers) {
        String header(String name) {
            return String.valueOf(headers.getFirst(name));
        }

        boolean has(String name) {
            return headers.containsKey(name);
        }
    }

    /// One answer that replaces the usual one.
    interface Reply {
        void to(HttpExchange exchange) throws IOException;
    }

    final List<Request> requests = new CopyOnWriteArrayList<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final Queue<Reply> hubReplies = new ConcurrentLinkedQueue<>();
    private final Queue<Reply> storageReplies = new ConcurrentLinkedQueue<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;
    private volatile boolean namesSums = true;

    LocalHub() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /// Bytes that no checksum of a prefix or of a neighbour would fit.
    static byte[] bytes(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    URI storage() {
        return URI.create("http://localhost:" + server.getAddress().getPort());
    }

    /// @param path `OWNER/NAME/REVISION/FILE`
    void put(String path, byte[] content) {
        files.put(path, content);
    }

    /// From now on the hub says nothing about sum and size, as for a file outside its large storage.
    void nameNoSums() {
        namesSums = false;
    }

    void hubAnswers(Reply... replies) {
        hubReplies.addAll(List.of(replies));
    }

    void storageAnswers(Reply... replies) {
        storageReplies.addAll(List.of(replies));
    }

    /// The requests for bytes.
    List<Request> storageRequests() {
        return requests.stream().filter(request -> request.path().startsWith("/storage/")).toList();
    }

    static Reply status(int status, String... headers) {
        return exchange -> {
            for (int i = 0; i < headers.length; i += 2) {
                exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
            }
            exchange.sendResponseHeaders(status, -1);
        };
    }

    /// Announces the whole file, sends so many bytes of it and breaks the connection.
    Reply breakAfter(int bytes) {
        return exchange -> sendPrefix(exchange, bytes);
    }

    /// Sends so many bytes and then nothing, with the connection open.
    Reply stallAfter(int bytes) {
        return exchange -> {
            sendPrefix(exchange, bytes);
            await(closing);
        };
    }

    /// The usual answer, once somebody opens the gate.
    Reply usualAfter(CountDownLatch arrived, CountDownLatch gate) {
        return exchange -> {
            arrived.countDown();
            await(gate);
            sendStored(exchange);
        };
    }

    /// The file without its length, as a sender does that makes it up as it goes.
    Reply withoutLength() {
        return exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(content(exchange));
        };
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getRawPath();
        String host = String.valueOf(exchange.getRequestHeaders().getFirst("Host"));
        requests.add(new Request(host, path, exchange.getRequestHeaders()));
        boolean storage = path.startsWith("/storage/");
        Reply reply = (storage ? storageReplies : hubReplies).poll();
        try (exchange) {
            if (reply != null) {
                reply.to(exchange);
            } else if (storage) {
                sendStored(exchange);
            } else if (path.startsWith("/api/models/")) {
                sendListing(exchange, path.substring("/api/models/".length()));
            } else {
                sendRedirect(exchange, path.substring(1).replace("/resolve/", "/"));
            }
        }
    }

    private void sendRedirect(HttpExchange exchange, String file) throws IOException {
        byte[] content = files.get(file);
        if (content == null) {
            status(404, "X-Error-Message", "Entry not found").to(exchange);
            return;
        }
        Headers headers = exchange.getResponseHeaders();
        if (namesSums) {
            headers.set("X-Linked-ETag", "\"" + sha256(content) + "\"");
            headers.set("X-Linked-Size", Integer.toString(content.length));
        }
        headers.set("Location", storage() + "/storage/" + file + "?signature=SECRET");
        exchange.sendResponseHeaders(302, -1);
    }

    private byte[] content(HttpExchange exchange) {
        byte[] content =
                files.get(exchange.getRequestURI().getPath().substring("/storage/".length()));
        if (content == null) {
            throw new IllegalStateException("not stored: " + exchange.getRequestURI());
        }
        return content;
    }

    private static String tag(byte[] content) {
        return "\"" + sha256(content).substring(0, 32) + "\"";
    }

    private void sendStored(HttpExchange exchange) throws IOException {
        byte[] content = content(exchange);
        Headers asked = exchange.getRequestHeaders();
        exchange.getResponseHeaders().set("ETag", tag(content));
        String range = asked.getFirst("Range");
        boolean same =
                !asked.containsKey("If-Range") || tag(content).equals(asked.getFirst("If-Range"));
        if (range == null || !same) {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
            return;
        }
        int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
        if (from >= content.length) {
            exchange.getResponseHeaders().set("Content-Range", "bytes */" + content.length);
            exchange.sendResponseHeaders(416, -1);
            return;
        }
        exchange.getResponseHeaders()
                .set(
                        "Content-Range",
                        "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        exchange.sendResponseHeaders(206, content.length - from);
        exchange.getResponseBody().write(Arrays.copyOfRange(content, from, content.length));
    }

    private void sendPrefix(HttpExchange exchange, int bytes) throws IOException {
        byte[] content = content(exchange);
        exchange.getResponseHeaders().set("ETag", tag(content));
        exchange.sendResponseHeaders(200, content.length);
        exchange.getResponseBody().write(content, 0, bytes);
        exchange.getResponseBody().flush();
    }

    private void sendListing(HttpExchange exchange, String repositoryAndRevision)
            throws IOException {
        String folder = repositoryAndRevision.replace("/revision/", "/") + "/";
        List<String> siblings =
                files.keySet().stream()
                        .filter(file -> file.startsWith(folder))
                        .map(file -> "{\"rfilename\": \"" + file.substring(folder.length()) + "\"}")
                        .toList();
        byte[] json =
                ("{\"siblings\": [" + String.join(", ", siblings) + "]}")
                        .getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, json.length);
        exchange.getResponseBody().write(json);
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
