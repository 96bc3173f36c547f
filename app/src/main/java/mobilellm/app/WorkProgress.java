package mobilellm.app;

import java.util.Locale;

/// How far a long piece of work has come, and how long the rest will take: on a terminal one line that changes, elsewhere a
/// line every 10 %.
final class WorkProgress {
    private static final long SHOW_NANOS = 100_000_000;

    private final Notes notes;
    private final String what;
    private final long all;
    private final long start = System.nanoTime();
    private long done;
    private long shown;

    /// @param what is being done, such as `quantising`
    /// @param all units of work
    WorkProgress(Notes notes, String what, long all) {
        this.notes = notes;
        this.what = what;
        this.all = all;
    }

    void add(long units) {
        long tenth = 10 * done / all;
        done += units;
        long now = System.nanoTime();
        if (notes.isAnimated()) {
            if (now - shown > SHOW_NANOS) {
                shown = now;
                notes.transientLine(line(now));
            }
        } else if (10 * done / all > tenth && done < all) {
            notes.note(line(now));
        }
    }

    private String line(long now) {
        double seconds = (now - start) * 1e-9;
        return String.format(
                Locale.ROOT,
                "%s: %d %%, %.0f s left",
                what,
                100 * done / all,
                seconds * (all - done) / done);
    }

    /// Seconds since the start.
    double seconds() {
        return (System.nanoTime() - start) * 1e-9;
    }
}
