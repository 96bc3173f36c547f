package mobilellm.hub;

import java.net.URI;

/// Text from strangers made fit for one line of a terminal.
final class Printable {
    private static final int LONGEST = 300;

    private Printable() {}

    /// At most 300 characters, without the control characters that a terminal would obey.
    static String line(String text) {
        String clean = text.replaceAll("[\\p{Cntrl}\\p{Cf}\\s]+", " ").strip();
        return clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST) + "…";
    }

    /// An address without its query, which may hold a signature that grants access.
    static String address(URI uri) {
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        return line(uri.getScheme() + "://" + uri.getHost() + port + uri.getPath());
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
