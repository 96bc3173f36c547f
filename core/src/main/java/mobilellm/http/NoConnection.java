package mobilellm.http;

import java.io.IOException;

/// No connection came about: asking again at once would not help.
public final class NoConnection extends IOException {
    private static final long serialVersionUID = 1;

    NoConnection(String message, Throwable cause) {
        super(message, cause);
    }
}
