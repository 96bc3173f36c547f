package mobilellm.app;

import java.util.Locale;

/// How far a long piece of work of equal units has come, and how long the rest will take.
final class WorkProgress {
    private static final long SHOW_NANOS = 100_000_000;

    private final ProgressLine line;
    private final boolean isAnimated;
    private final String what;
    private final long all;
    private long done;
    private long shown;

    /// @param what is being done, such as `quantising`
    /// @param all units of work
    WorkProgress(Notes notes, String what, long all) {
        line = new ProgressLine(notes);
        isAnimated = notes.isAnimated();
        this.what = what;
        this.all = all;
    }

    void add(long units) {
        done += units;
        long now = System.nanoTime();
        // Units may be rows, thousands a second: no terminal is redrawn that often.
        if (!isAnimated || now - shown > SHOW_NANOS) {
            shown = now;
            line.show(done, all, this::text);
        }
    }

    private String text(double left) {
        return String.format(Locale.ROOT, "%s: %d %%, %.0f s left", what, 100 * done / all, left);
    }

    /// Seconds since the start.
    double seconds() {
        return line.seconds();
    }
}
