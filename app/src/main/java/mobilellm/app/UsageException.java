package mobilellm.app;

/// The options contradict each other, or one is missing: exit code 2.
final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
        super(message);
    }
}
