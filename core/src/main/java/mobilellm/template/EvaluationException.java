package mobilellm.template;

/// An operation of a template failed. Knows no line: the [Renderer] adds that of the tag it is at.
final class EvaluationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String reason;

    EvaluationException(String reason) {
        super(reason);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
