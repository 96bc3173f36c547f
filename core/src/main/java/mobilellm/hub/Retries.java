package mobilellm.hub;

import java.io.IOException;
import java.time.Duration;

/// Repeats what may work the next time, a bounded number of times, each after a bounded pause.
final class Retries {
    /// Lets time pass. Tests pass none.
    interface Sleeper {
        void sleep(Duration duration) throws InterruptedException;
    }

    /// One try.
    interface Attempt<T> {
        T run() throws IOException, InterruptedException;
    }

    private final HubOptions options;
    private final Sleeper sleeper;
    private final ProgressListener listener;
    private int failures;

    Retries(HubOptions options, Sleeper sleeper, ProgressListener listener) {
        this.options = options;
        this.sleeper = sleeper;
        this.listener = listener;
    }

    /// The first result that comes.
    ///
    /// @throws HubException after as many failures in a row as the options allow, or if the server asks for too long a pause
    <T> T run(Attempt<T> attempt) throws IOException, InterruptedException {
        while (true) {
            try {
                return attempt.run();
            } catch (TryAgain e) {
                pause(e);
            }
        }
    }

    /// The present attempt brought something on: what failed before counts no longer.
    void progressed() {
        failures = 0;
    }

    private void pause(TryAgain failure) throws HubException, InterruptedException {
        failures++;
        if (failures >= options.attempts()) {
            throw new HubException(
                    failure.getMessage()
                            + "; gave up after "
                            + failures
                            + " attempts in a row; what has arrived is kept",
                    failure);
        }
        // 1, 2, 4, ... seconds; the shift is bounded by what a pause may be at most anyway.
        Duration wait =
                failure.pause().orElse(Duration.ofSeconds(1L << Math.min(failures - 1, 20)));
        if (failure.pause().isEmpty() && wait.compareTo(options.longestWait()) > 0) {
            wait = options.longestWait();
        }
        if (wait.compareTo(options.longestWait()) > 0) {
            throw new HubException(
                    failure.getMessage()
                            + "; it asks for a pause of "
                            + wait.toSeconds()
                            + " s; try again later",
                    failure);
        }
        listener.note(failure.getMessage() + "; trying again in " + wait.toSeconds() + " s");
        sleeper.sleep(wait);
    }
}
