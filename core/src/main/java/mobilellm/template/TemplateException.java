package mobilellm.template;

/// A template cannot be parsed or rendered: bad syntax, a construct that is not supported, a failing operation, a
/// limit that was exceeded, or the template's own `raise_exception`.
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int line;
    private final String reason;

    TemplateException(int line, String reason) {
        super("chat template, line " + line + ": " + reason);
        this.line = line;
        this.reason = reason;
    }

    /// The line of the template, from 1; for an error in rendering, the line on which the tag begins.
    public int line() {
        return line;
    }

    /// The message without the line: for `raise_exception`, exactly the text that the template gave.
    public String reason() {
        return reason;
    }
}
