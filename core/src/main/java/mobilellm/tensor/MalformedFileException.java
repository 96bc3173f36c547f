package mobilellm.tensor;

/// A file does not hold what its format promises. The message says what was read, what was expected,
/// and where (file, offset, tensor or key).
public final class MalformedFileException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public MalformedFileException(String message) {
        super(message);
    }

    public MalformedFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
