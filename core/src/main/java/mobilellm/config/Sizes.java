package mobilellm.config;

/// Checks of sizes.
final class Sizes {
    private Sizes() {}

    static void positive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " must be positive, got " + value);
        }
    }
}
