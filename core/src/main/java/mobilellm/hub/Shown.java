package mobilellm.hub;

/// Sizes as messages show them.
final class Shown {
    private Shown() {}

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
