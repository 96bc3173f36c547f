package mobilellm.http;

import mobilellm.file.Printable;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/// Addresses, and what may be sent to them.
public final class Address {
    private Address() {}

    /// An address without its query, which may hold a signature that grants access.
    public static String shown(URI uri) {
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        return Printable.line(uri.getScheme() + "://" + uri.getHost() + port + uri.getPath());
    }

    /// Whether nobody on the way can read what is sent: it is encrypted, or it does not leave this machine.
    public static boolean isConfidential(URI uri) {
        String host = Optional.ofNullable(uri.getHost()).orElse("").toLowerCase(Locale.ROOT);
        return "https".equalsIgnoreCase(uri.getScheme())
                || host.equals("localhost")
                || host.equals("[::1]")
                || host.matches("127(\\.\\d{1,3}){3}");
    }
}
