package mobilellm.hub;

import mobilellm.file.Printable;

import java.net.URI;

/// Addresses and sizes as messages show them.
final class Shown {
    private Shown() {}

    /// An address without its query, which may hold a signature that grants access.
    static String address(URI uri) {
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        return Printable.line(uri.getScheme() + "://" + uri.getHost() + port + uri.getPath());
    }

    /// A number of bytes for people, in decimal units.
    static String bytes(long bytes) {
        if (bytes < 1_000_000) {
            return bytes + " bytes";
        }
        return bytes < 1_000_000_000
                ? "%.1f MB".formatted(bytes / 1e6)
                : "%.1f GB".formatted(bytes / 1e9);
    }
}
