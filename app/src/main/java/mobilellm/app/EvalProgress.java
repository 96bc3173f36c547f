package mobilellm.app;

import mobilellm.evaluation.Measurement;
import mobilellm.evaluation.TaskResult;

import java.util.Locale;

/// Tells how far a task is: on a terminal one line that changes, elsewhere a line every 10 %.
final class EvalProgress {
    private final Notes notes;
    private final String task;
    private final long start = System.nanoTime();
    private long tenth;
    private long units;

    EvalProgress(Notes notes, String task) {
        this.notes = notes;
        this.task = task;
    }

    void show(long done, long total) {
        units = total;
        double seconds = (System.nanoTime() - start) / 1e9;
        long left = Math.round(seconds * (total - done) / Math.max(1, done));
        String line =
                "%s: %d %%, %d:%02d left".formatted(task, 100 * done / total, left / 60, left % 60);
        if (notes.isAnimated()) {
            notes.transientLine(line);
        } else if (10 * done / total > tenth && done < total) {
            tenth = 10 * done / total;
            notes.note(line);
        }
    }

    void done(TaskResult result) {
        notes.clearTransientLine();
        double seconds = (System.nanoTime() - start) / 1e9;
        Measurement main = result.main();
        notes.note(
                String.format(
                        Locale.ROOT,
                        "%s: %s %.4f, %d documents in %.1f s%s",
                        task,
                        main.metric().word(),
                        main.value(),
                        main.documents(),
                        seconds,
                        units == 0
                                ? ""
                                : String.format(Locale.ROOT, " (%.0f tokens/s)", units / seconds)));
        long cut = result.answers().stream().filter(TaskResult.Answered::isCut).count();
        if (cut > 0) {
            notes.note(
                    "%s: the beginning of %d questions was cut to fit the context, the first: %s"
                            .formatted(task, cut, firstCut(result)));
        }
    }

    private static String firstCut(TaskResult result) {
        return result.answers().stream()
                .filter(TaskResult.Answered::isCut)
                .findFirst()
                .map(one -> Text.printable(one.document().place()))
                .orElse("");
    }
}
