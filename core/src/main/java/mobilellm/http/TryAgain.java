package mobilellm.http;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// A failure that may be gone after a while: a broken connection, a busy server.
public final class TryAgain extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Optional<Duration> wait;

    public TryAgain(String message, Throwable cause) {
        super(message, cause);
        this.wait = Optional.empty();
    }

    /// @param wait the pause that the server asks for
    public TryAgain(String message, Optional<Duration> wait) {
        super(message);
        this.wait = wait;
    }

    /// The pause that the server asks for.
    public Optional<Duration> pause() {
        return wait;
    }
}
