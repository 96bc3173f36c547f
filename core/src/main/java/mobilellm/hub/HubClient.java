package mobilellm.hub;

import mobilellm.http.Address;
import mobilellm.http.Body;
import mobilellm.http.NoConnection;
import mobilellm.http.Sender;
import mobilellm.http.TryAgain;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

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
    private final Sender sender;

    HubClient(HubOptions options) {
        this.options = options;
        this.origin = new HubOrigin(options.endpoint(), options.token());
        this.addresses = new HubAddresses(options.endpoint());
        this.sender = new Sender(options.patience());
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
            Sender.Reply response = send(uri, headers);
            Body body = response.body();
            HttpHeaders received = response.headers();
            if (origin.isHub(uri)) {
                sha256 =
                        sha256.or(
                                () -> received.firstValue("X-Linked-ETag").flatMap(HubClient::sum));
                bytes = bytes.isPresent() ? bytes : number(received, "X-Linked-Size");
            }
            switch (response.status()) {
                case 200, 206, 416 -> {
                    return new Answer(uri, response.status(), received, sha256, bytes, body);
                }
                case 301, 302, 303, 307, 308 -> {
                    body.close();
                    uri = origin.redirect(uri, received.firstValue("Location").orElse(""));
                }
                default -> {
                    body.close();
                    throw HubRefusal.of(
                            uri, response.status(), received, origin.isHub(uri), options);
                }
            }
        }
        throw new HubException(
                Address.shown(start)
                        + " redirects more than "
                        + MOST_REDIRECTS
                        + " times, last to "
                        + Address.shown(uri));
    }

    private Sender.Reply send(URI uri, Map<String, String> headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder();
        headers.forEach(request::header);
        origin.authorization(uri).ifPresent(value -> request.header("Authorization", value));
        try {
            return sender.send(uri, request);
        } catch (NoConnection e) {
            throw new Unreachable(String.valueOf(e.getMessage()), e);
        }
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
        sender.close();
    }
}
