package mobilellm.app;

import mobilellm.evaluation.Divergence;
import mobilellm.evaluation.Perplexity;

import java.util.Locale;

/// The estimate so far.
final class PerplexityProgress {
    private final ProgressLine line;
    private final int windows;
    private int done;

    PerplexityProgress(Notes notes, int windows) {
        line = new ProgressLine(notes);
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
        done++;
        line.show(
                done,
                windows,
                left ->
                        "window %d of %d: %s, %d s left"
                                .formatted(done, windows, estimate, (long) left));
    }
}
