package mobilellm.http;

import java.time.Duration;

/// How long to wait for a server, and how often to ask it again.
///
/// @param connect how long a connection may take to come about
/// @param stall how long the server may stay silent before it counts as gone
/// @param attempts how often something may fail in a row before it is given up
/// @param longestWait the longest pause that a busy server may ask for
public record Patience(Duration connect, Duration stall, int attempts, Duration longestWait) {
    public Patience {
        if (attempts <= 0) {
            throw new IllegalArgumentException(
                    "the number of attempts must be positive, got " + attempts);
        }
    }
}
