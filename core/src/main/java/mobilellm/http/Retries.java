package mobilellm.http;

import java.io.IOException;
import java.time.Duration;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/// Repeats what may work the next time, a bounded number of times, each after a bounded pause.
public final class Retries {
    /// Lets time pass. Tests pass none.
    public interface Sleeper {
        /// Waits.
        void sleep(Duration duration) throws InterruptedException;
    }

    /// One try.
    public interface Attempt<T> {
        /// Tries.
        ///
        /// @throws TryAgain if it may work the next time
        T run() throws IOException, InterruptedException;
    }

    private final Patience patience;
    private final Sleeper sleeper;
    private final Consumer<String> notes;
    private final BiFunction<String, Throwable, IOException> failure;
    private int failures;

    /// @param notes hears of each pause
    /// @param failure makes the exception that tells of giving up
    public Retries(
            Patience patience,
            Sleeper sleeper,
            Consumer<String> notes,
            BiFunction<String, Throwable, IOException> failure) {
        this.patience = patience;
        this.sleeper = sleeper;
        this.notes = notes;
        this.failure = failure;
    }

    /// The first result that comes.
    ///
    /// @throws IOException after as many failures in a row as patience allows, or if the server asks for too long a pause
    public <T> T run(Attempt<T> attempt) throws IOException, InterruptedException {
        while (true) {
            try {
                return attempt.run();
            } catch (TryAgain e) {
                pause(e);
            }
        }
    }

    /// The present attempt brought something on: what failed before counts no longer.
    public void progressed() {
        failures = 0;
    }

    private void pause(TryAgain tried) throws IOException, InterruptedException {
        failures++;
        if (failures >= patience.attempts()) {
            throw failure.apply(
                    tried.getMessage() + "; gave up after " + failures + " attempts in a row",
                    tried);
        }
        // 1, 2, 4, ... seconds; the shift is bounded by what a pause may be at most anyway.
        Duration wait = tried.pause().orElse(Duration.ofSeconds(1L << Math.min(failures - 1, 20)));
        if (tried.pause().isEmpty() && wait.compareTo(patience.longestWait()) > 0) {
            wait = patience.longestWait();
        }
        if (wait.compareTo(patience.longestWait()) > 0) {
            throw failure.apply(
                    tried.getMessage()
                            + "; it asks for a pause of "
                            + wait.toSeconds()
                            + " s; try again later",
                    tried);
        }
        notes.accept(tried.getMessage() + "; trying again in " + wait.toSeconds() + " s");
        sleeper.sleep(wait);
    }
}
