package mobilellm.hub;

import mobilellm.file.Printable;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import javax.net.ssl.SSLException;

/// Requests to the hub. Redirects are followed by hand, because each hop needs its own decision about the token.
final class HubClient implements AutoCloseable {
    private static final int MOST_REDIRECTS = 10;

    /// A success (200, 206) or a range that cannot be had (416).
    ///
    /// @param sha256 what the hub itself says the file's sum is, if any hop was the hub's
    /// @param bytes likewise its size
    record Answer(
            URI from,
            int status,
            HttpHeaders headers,
            Optional<String> sha256,
            OptionalLong bytes,
            Body body)
            implements AutoCloseable {
        @Override
        public void close() {
            body.close();
        }
    }

    private final HubOptions options;
    private final HubOrigin origin;
    private final HubAddresses addresses;
    private final HttpClient client;

    HubClient(HubOptions options) {
        this.options = options;
        this.origin = new HubOrigin(options.endpoint(), options.token());
        this.addresses = new HubAddresses(options.endpoint());
        // One large body at a time gains nothing from HTTP/2, and its frames cost processor time.
        this.client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(options.connectTimeout())
                        .build();
    }

    HubOptions options() {
        return options;
    }

    HubAddresses addresses() {
        return addresses;
    }

    /// The answer of the host at which the redirects end.
    ///
    /// @throws Unreachable if there is no way to a host
    /// @throws TryAgain if the failure may pass
    /// @throws HubException if it will not
    Answer get(URI start, Map<String, String> headers) throws IOException, InterruptedException {
        URI uri = start;
        Optional<String> sha256 = Optional.empty();
        OptionalLong bytes = OptionalLong.empty();
        for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
            HttpResponse<Flow.Publisher<List<ByteBuffer>>> response = send(uri, headers);
            Body body = Body.of(uri, response.body());
            HttpHeaders received = response.headers();
            if (origin.isHub(uri)) {
                sha256 =
                        sha256.or(
                                () -> received.firstValue("X-Linked-ETag").flatMap(HubClient::sum));
                bytes = bytes.isPresent() ? bytes : number(received, "X-Linked-Size");
            }
            switch (response.statusCode()) {
                case 200, 206, 416 -> {
                    return new Answer(uri, response.statusCode(), received, sha256, bytes, body);
                }
                case 301, 302, 303, 307, 308 -> {
                    body.close();
                    uri = origin.redirect(uri, received.firstValue("Location").orElse(""));
                }
                default -> {
                    body.close();
                    throw HubRefusal.of(
                            uri, response.statusCode(), received, origin.isHub(uri), options);
                }
            }
        }
        throw new HubException(
                Shown.address(start)
                        + " redirects more than "
                        + MOST_REDIRECTS
                        + " times, last to "
                        + Shown.address(uri));
    }

    private HttpResponse<Flow.Publisher<List<ByteBuffer>>> send(
            URI uri, Map<String, String> headers) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri)
                        .timeout(options.stallTimeout())
                        .header("User-Agent", "mobilellm")
                        .header("Accept-Encoding", "identity");
        headers.forEach(request::header);
        origin.authorization(uri).ifPresent(value -> request.header("Authorization", value));
        CompletableFuture<HttpResponse<Flow.Publisher<List<ByteBuffer>>>> response =
                client.sendAsync(request.build(), BodyHandlers.ofPublisher());
        // The client's own limits do not cover the resolution of the name.
        Duration limit = options.connectTimeout().plus(options.stallTimeout());
        try {
            return response.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw failure(uri, Optional.ofNullable(e.getCause()).orElse(e));
        } catch (TimeoutException e) {
            throw new Unreachable(
                    uri.getHost() + " did not answer within " + limit.toSeconds() + " s", e);
        } finally {
            response.cancel(true);
        }
    }

    private IOException failure(URI uri, Throwable cause) {
        String host = uri.getHost();
        return switch (cause) {
            case HttpConnectTimeoutException timeout ->
                    new Unreachable(
                            "no connection to "
                                    + host
                                    + " within "
                                    + options.connectTimeout().toSeconds()
                                    + " s",
                            timeout);
            case ConnectException e when e.getCause() instanceof UnresolvedAddressException ->
                    new Unreachable("the name " + host + " cannot be resolved (no network?)", e);
            case UnknownHostException e ->
                    new Unreachable("the name " + host + " cannot be resolved (no network?)", e);
            case ConnectException e ->
                    new Unreachable("no connection to " + host + " (" + reason(e) + ")", e);
            case SSLException e ->
                    new Unreachable("no secure connection to " + host + " (" + reason(e) + ")", e);
            default -> new TryAgain(host + " did not answer (" + reason(cause) + ")", cause);
        };
    }

    private static String reason(Throwable cause) {
        String message =
                Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getSimpleName());
        return Printable.line(message);
    }

    /// The sum in an entity tag, where it is one: files of the hub's large storage are tagged with their SHA-256, small ones with
    /// a Git object name.
    private static Optional<String> sum(String tag) {
        return Optional.of(tag.replaceFirst("^W/", "").replace("\"", "")).filter(Checksum::isSum);
    }

    /// A header that holds a size.
    static OptionalLong number(HttpHeaders headers, String name) {
        String text = headers.firstValue(name).orElse("");
        return text.matches("\\d{1,18}")
                ? OptionalLong.of(Long.parseLong(text))
                : OptionalLong.empty();
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
