package mobilellm.judge;

import java.io.IOException;

/// A judge could not be asked, or must not be asked more. What it has said before is kept.
public final class JudgeException extends IOException {
    private static final long serialVersionUID = 1;

    JudgeException(String message) {
        super(message);
    }

    JudgeException(String message, Throwable cause) {
        super(message, cause);
    }
}
