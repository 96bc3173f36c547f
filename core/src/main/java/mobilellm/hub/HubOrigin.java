package mobilellm.hub;

import mobilellm.file.Printable;
import mobilellm.http.Address;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/// Who the hub is, and therefore who may see the token. The hub answers with redirects to storage hosts: those get the address, which
/// carries its own grant, and never the token.
final class HubOrigin {
    private final URI endpoint;
    private final Optional<String> token;

    HubOrigin(URI endpoint, Optional<String> token) {
        this.endpoint = endpoint;
        this.token = token;
    }

    /// Whether the address has the scheme, the host and the port of the endpoint.
    boolean isHub(URI uri) {
        return scheme(uri).equals(scheme(endpoint))
                && host(uri).equals(host(endpoint))
                && port(uri) == port(endpoint);
    }

    /// The `Authorization` header for a request to this address: only for the hub itself, and never over a wire in plain text.
    Optional<String> authorization(URI uri) {
        return token.filter(ignored -> Address.isConfidential(uri) && isHub(uri))
                .map(secret -> "Bearer " + secret);
    }

    /// Where a redirect leads.
    ///
    /// @param location the `Location` header as it came
    /// @throws HubException if it is no address, or one that would give up encryption
    URI redirect(URI from, String location) throws HubException {
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new HubException(
                    Address.shown(from)
                            + " redirects to something that is no address: "
                            + Printable.line(location),
                    e);
        }
        boolean web = scheme(to).equals("https") || scheme(to).equals("http");
        if (!web || host(to).isEmpty() || to.getUserInfo() != null) {
            throw new HubException(
                    Address.shown(from)
                            + " redirects to something that is no web address: "
                            + Address.shown(to));
        }
        if (scheme(from).equals("https") && scheme(to).equals("http")) {
            throw new HubException(
                    Address.shown(from)
                            + " redirects to "
                            + Address.shown(to)
                            + ", which is not encrypted; refused");
        }
        return to;
    }

    private static String scheme(URI uri) {
        return Optional.ofNullable(uri.getScheme()).orElse("").toLowerCase(Locale.ROOT);
    }

    private static String host(URI uri) {
        return Optional.ofNullable(uri.getHost()).orElse("").toLowerCase(Locale.ROOT);
    }

    private static int port(URI uri) {
        if (uri.getPort() >= 0) {
            return uri.getPort();
        }
        return scheme(uri).equals("https") ? 443 : 80;
    }
}
