package mobilellm.app;

import mobilellm.evaluation.Divergence;
import mobilellm.evaluation.Perplexity;

import java.util.Locale;

/// The estimate so far: on a terminal one line that changes, elsewhere a line every 10 %.
final class PerplexityProgress {
    private final Notes notes;
    private final int windows;
    private final long start = System.nanoTime();
    private int done;

    PerplexityProgress(Notes notes, int windows) {
        this.notes = notes;
        this.windows = windows;
    }

    void window(Perplexity soFar) {
        tell(
                String.format(
                        Locale.ROOT,
                        "perplexity %.3f ± %.3f",
                        soFar.perplexity(),
                        soFar.perplexityError()));
    }

    void window(Divergence soFar) {
        tell(
                String.format(
                        Locale.ROOT,
                        "perplexity %.3f, divergence %.5f ± %.5f",
                        soFar.model().perplexity(),
                        soFar.mean(),
                        soFar.meanError()));
    }

    private void tell(String estimate) {
        int tenth = 10 * done / windows;
        done++;
        long left = (System.nanoTime() - start) / done * (windows - done) / 1_000_000_000;
        String line = "window %d of %d: %s, %d s left".formatted(done, windows, estimate, left);
        if (notes.isAnimated()) {
            notes.transientLine(line);
        } else if (10 * done / windows > tenth && done < windows) {
            notes.note(line);
        }
    }
}
