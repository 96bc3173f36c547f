package mobilellm.hub;

import mobilellm.file.Printable;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/// What an answer that is no success means, and what to do about it.
final class HubRefusal {
    private HubRefusal() {}

    /// @param isHub whether the hub itself refused, not a storage host it led to
    static IOException of(
            URI uri, int status, HttpHeaders headers, boolean isHub, HubOptions options) {
        String where = Shown.address(uri) + " answered " + status;
        return switch (status) {
            case 401, 403 ->
                    // An address of a storage host grants access for a while only; the hub gives a
                    // fresh one.
                    isHub
                            ? denied(uri, where, headers, options)
                            : new TryAgain(where, Optional.empty());
            case 404, 410 ->
                    new HubException(
                            where
                                    + explanation(headers)
                                    + ": no such repository, revision or file");
            case 408, 429 -> new TryAgain(where + " (busy)", pause(headers));
            default ->
                    status >= 500
                            ? new TryAgain(where + " (its own failure)", pause(headers))
                            : new HubException(where + explanation(headers));
        };
    }

    private static HubException denied(
            URI uri, String where, HttpHeaders headers, HubOptions options) {
        String told = where + explanation(headers);
        if (headers.firstValue("X-Error-Code").orElse("").equals("GatedRepo")) {
            return new HubException(
                    told
                            + ": the repository is gated; accept its terms at "
                            + page(uri, options)
                            + " and set HF_TOKEN to an access token of that account");
        }
        return new HubException(
                options.token().isPresent()
                        ? told + ": the token in HF_TOKEN is not accepted for it"
                        : told
                                + ": it does not exist, or it is private; check the name, or set"
                                + " HF_TOKEN to an access token that may read it");
    }

    /// The page of the repository that a file's address belongs to.
    private static String page(URI file, HubOptions options) {
        String address = Shown.address(file);
        int end = address.indexOf("/resolve/");
        return end < 0 ? Shown.address(options.endpoint()) : address.substring(0, end);
    }

    private static String explanation(HttpHeaders headers) {
        return headers.firstValue("X-Error-Message")
                .map(text -> " (" + Printable.line(text) + ")")
                .orElse("");
    }

    /// The header `Retry-After`: seconds, or a date, which is read by the server's own clock.
    private static Optional<Duration> pause(HttpHeaders headers) {
        String text = headers.firstValue("Retry-After").orElse("").strip();
        if (text.matches("\\d{1,9}")) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        try {
            return Optional.of(
                            Duration.between(
                                    date(headers.firstValue("Date").orElse("")), date(text)))
                    .filter(Duration::isPositive);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static ZonedDateTime date(String text) {
        return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
    }
}
