package mobilellm.app;

import java.util.function.DoubleFunction;

/// Shows how far a long piece of work has come: on a terminal one line that changes, elsewhere a line every 10 %.
final class ProgressLine {
    private final Notes notes;
    private final long start = System.nanoTime();
    private long tenth; // the last one that was told

    ProgressLine(Notes notes) {
        this.notes = notes;
    }

    /// @param done units of work, of `all`
    /// @param line what to show, made of the seconds that the rest will take; asked for only if it is shown
    void show(long done, long all, DoubleFunction<String> line) {
        long reached = 10 * done / all;
        if (notes.isAnimated()) {
            notes.transientLine(line.apply(left(done, all)));
        } else if (reached > tenth && done < all) {
            tenth = reached;
            notes.note(line.apply(left(done, all)));
        }
    }

    private double left(long done, long all) {
        return seconds() * (all - done) / Math.max(1, done);
    }

    /// Since the start.
    double seconds() {
        return (System.nanoTime() - start) / 1e9;
    }
}
