package mobilellm.hub;

import mobilellm.http.Patience;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// How to reach the model hub, and how far to trust it.
///
/// @param endpoint address of the hub, `https://HOST` (plain http is for mirrors at home; no token goes there)
/// @param token access token for gated and private repositories; sent to the endpoint's own host only
/// @param offline use what is in the store, contact nobody
/// @param connectTimeout how long a connection may take to come about
/// @param stallTimeout how long a sender may stay silent before it counts as gone
/// @param maximumBytes largest file that is accepted
/// @param attempts how often a transfer may fail in a row before it is given up; one that brought something on counts anew
/// @param longestWait the longest pause that a busy hub may ask for
public record HubOptions(
        URI endpoint,
        Optional<String> token,
        boolean offline,
        Duration connectTimeout,
        Duration stallTimeout,
        long maximumBytes,
        int attempts,
        Duration longestWait) {
    /// The public hub, no token, 8 GiB, 10 s to connect, 30 s of silence, 5 attempts, pauses up to 2 minutes.
    public static HubOptions defaults() {
        return new HubOptions(
                URI.create("https://huggingface.co"),
                Optional.empty(),
                false,
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                8L << 30,
                5,
                Duration.ofMinutes(2));
    }

    /// The defaults as changed by the hub's usual variables `HF_ENDPOINT`, `HF_TOKEN` and `HF_HUB_OFFLINE` (1, true, yes, on);
    /// empty ones count as unset.
    ///
    /// @throws IllegalArgumentException if one of them makes no sense
    public static HubOptions fromEnvironment(Map<String, String> environment) {
        HubOptions options = defaults();
        String endpoint = environment.getOrDefault("HF_ENDPOINT", "").strip();
        if (!endpoint.isEmpty()) {
            options = options.withEndpoint(parse(endpoint));
        }
        String token = environment.getOrDefault("HF_TOKEN", "").strip();
        if (!token.isEmpty()) {
            options = options.withToken(token);
        }
        String offline = environment.getOrDefault("HF_HUB_OFFLINE", "").strip();
        return options.withOffline(offline.matches("(?i)1|true|yes|on"));
    }

    public HubOptions {
        String scheme = endpoint.getScheme();
        if (endpoint.getHost() == null || !("https".equals(scheme) || "http".equals(scheme))) {
            throw new IllegalArgumentException(
                    "the hub's endpoint is '"
                            + endpoint
                            + "'; expected https://HOST (HF_ENDPOINT)");
        }
        if (endpoint.getUserInfo() != null
                || endpoint.getQuery() != null
                || endpoint.getFragment() != null) {
            throw new IllegalArgumentException(
                    "the hub's endpoint may hold a host, a port and a path, nothing else"
                            + " (HF_ENDPOINT)");
        }
        // Visible ASCII is all that a header may carry. The value itself stays out of the message.
        if (token.isPresent() && !token.get().matches("[!-~]+")) {
            throw new IllegalArgumentException(
                    "the hub's token is empty or holds spaces or characters outside ASCII"
                            + " (HF_TOKEN)");
        }
        if (maximumBytes <= 0 || attempts <= 0) {
            throw new IllegalArgumentException(
                    "the size limit and the number of attempts must be positive");
        }
    }

    public HubOptions withEndpoint(URI other) {
        return new HubOptions(
                other,
                token,
                offline,
                connectTimeout,
                stallTimeout,
                maximumBytes,
                attempts,
                longestWait);
    }

    public HubOptions withToken(String other) {
        return new HubOptions(
                endpoint,
                Optional.of(other),
                offline,
                connectTimeout,
                stallTimeout,
                maximumBytes,
                attempts,
                longestWait);
    }

    public HubOptions withOffline(boolean other) {
        return new HubOptions(
                endpoint,
                token,
                other,
                connectTimeout,
                stallTimeout,
                maximumBytes,
                attempts,
                longestWait);
    }

    public HubOptions withTimeouts(Duration connect, Duration stall) {
        return new HubOptions(
                endpoint, token, offline, connect, stall, maximumBytes, attempts, longestWait);
    }

    public HubOptions withMaximumBytes(long other) {
        return new HubOptions(
                endpoint,
                token,
                offline,
                connectTimeout,
                stallTimeout,
                other,
                attempts,
                longestWait);
    }

    public HubOptions withRetries(int otherAttempts, Duration otherLongestWait) {
        return new HubOptions(
                endpoint,
                token,
                offline,
                connectTimeout,
                stallTimeout,
                maximumBytes,
                otherAttempts,
                otherLongestWait);
    }

    Patience patience() {
        return new Patience(connectTimeout, stallTimeout, attempts, longestWait);
    }

    /// Without the token, so that no log can hold it.
    @Override
    public String toString() {
        return "HubOptions[endpoint="
                + endpoint
                + (token.isPresent() ? ", with a token" : "")
                + (offline ? ", offline]" : "]");
    }

    private static URI parse(String endpoint) {
        try {
            return URI.create(endpoint);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the hub's endpoint is '" + endpoint + "'; expected https://HOST (HF_ENDPOINT)",
                    e);
        }
    }
}
