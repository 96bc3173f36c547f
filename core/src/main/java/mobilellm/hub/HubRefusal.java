package mobilellm.hub;

import mobilellm.file.Printable;
import mobilellm.http.Address;
import mobilellm.http.RetryAfter;
import mobilellm.http.TryAgain;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.util.Optional;

/// What an answer that is no success means, and what to do about it.
final class HubRefusal {
    private HubRefusal() {}

    /// @param isHub whether the hub itself refused, not a storage host it led to
    static IOException of(
            URI uri, int status, HttpHeaders headers, boolean isHub, HubOptions options) {
        String where = Address.shown(uri) + " answered " + status;
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
            case 408, 429 -> new TryAgain(where + " (busy)", RetryAfter.of(headers));
            default ->
                    status >= 500
                            ? new TryAgain(where + " (its own failure)", RetryAfter.of(headers))
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
        String address = Address.shown(file);
        int end = address.indexOf("/resolve/");
        return end < 0 ? Address.shown(options.endpoint()) : address.substring(0, end);
    }

    private static String explanation(HttpHeaders headers) {
        return headers.firstValue("X-Error-Message")
                .map(text -> " (" + Printable.line(text) + ")")
                .orElse("");
    }
}
