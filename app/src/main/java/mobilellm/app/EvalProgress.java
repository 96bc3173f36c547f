package mobilellm.app;

import mobilellm.evaluation.Answer;
import mobilellm.evaluation.Measurement;
import mobilellm.evaluation.TaskResult;

import java.util.Locale;

/// Tells how far a task is, and at the end how it went.
final class EvalProgress {
    private final Notes notes;
    private final ProgressLine line;
    private final String task;
    private long units;

    EvalProgress(Notes notes, String task) {
        this.notes = notes;
        line = new ProgressLine(notes);
        this.task = task;
    }

    void show(long done, long total) {
        units = total;
        line.show(
                done,
                total,
                left -> {
                    long seconds = Math.round(left);
                    return "%s: %d %%, %d:%02d left"
                            .formatted(task, 100 * done / total, seconds / 60, seconds % 60);
                });
    }

    void done(TaskResult result) {
        notes.clearTransientLine();
        double seconds = line.seconds();
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
                        units == 0 || result.answers().getFirst().answer() instanceof Answer.Written
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
