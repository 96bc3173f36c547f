package mobilellm.http;

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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import javax.net.ssl.SSLException;

/// Sends requests, and waits only so long for anything. Redirects are not followed: each hop needs its own decision about
/// what may be sent there.
public final class Sender implements AutoCloseable {
    private final Patience patience;
    private final HttpClient client;

    /// What came back.
    ///
    /// @param body must be closed
    public record Reply(int status, HttpHeaders headers, Body body) {}

    public Sender(Patience patience) {
        this.patience = patience;
        // One body at a time gains nothing from HTTP/2, and its frames cost processor time.
        this.client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(patience.connect())
                        .build();
    }

    /// Sends a request; whatever the server says is a reply.
    ///
    /// @throws NoConnection if there is no way to the host
    /// @throws TryAgain if the failure may pass
    public Reply send(URI uri, HttpRequest.Builder request)
            throws IOException, InterruptedException {
        request.uri(uri).header("User-Agent", "mobilellm").header("Accept-Encoding", "identity");
        CompletableFuture<HttpResponse<Flow.Publisher<List<ByteBuffer>>>> response =
                client.sendAsync(
                        request.timeout(patience.stall()).build(), BodyHandlers.ofPublisher());
        // The client's own limits do not cover the resolution of the name.
        Duration limit = patience.connect().plus(patience.stall());
        try {
            HttpResponse<Flow.Publisher<List<ByteBuffer>>> received =
                    response.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return new Reply(
                    received.statusCode(), received.headers(), Body.of(uri, received.body()));
        } catch (ExecutionException e) {
            throw failure(uri, Optional.ofNullable(e.getCause()).orElse(e));
        } catch (TimeoutException e) {
            throw new NoConnection(
                    uri.getHost() + " did not answer within " + limit.toSeconds() + " s", e);
        } finally {
            response.cancel(true);
        }
    }

    private IOException failure(URI uri, Throwable cause) {
        String host = uri.getHost();
        return switch (cause) {
            case HttpConnectTimeoutException timeout ->
                    new NoConnection(
                            "no connection to "
                                    + host
                                    + " within "
                                    + patience.connect().toSeconds()
                                    + " s",
                            timeout);
            case ConnectException e when e.getCause() instanceof UnresolvedAddressException ->
                    new NoConnection("the name " + host + " cannot be resolved (no network?)", e);
            case UnknownHostException e ->
                    new NoConnection("the name " + host + " cannot be resolved (no network?)", e);
            case ConnectException e ->
                    new NoConnection("no connection to " + host + " (" + reason(e) + ")", e);
            case SSLException e ->
                    new NoConnection("no secure connection to " + host + " (" + reason(e) + ")", e);
            default -> new TryAgain(host + " did not answer (" + reason(cause) + ")", cause);
        };
    }

    private static String reason(Throwable cause) {
        String message =
                Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getSimpleName());
        return Printable.line(message);
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
