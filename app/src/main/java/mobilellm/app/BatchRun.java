package mobilellm.app;

import mobilellm.Generation;
import mobilellm.GenerationBatch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/// Answers many prompts, several at a time, each with a JSON object; in the order of the prompts, however they end. A prompt
/// that cannot be answered gets an object that says why, and the others are answered.
final class BatchRun {
    private final Generator generator;
    private final List<PromptLines.Line> lines;
    private final Map<Generation, Integer> running = new HashMap<>();
    private final Map<Integer, Map<String, Object>> answers = new HashMap<>(); // not yet printed
    private final List<String> failures = new ArrayList<>();
    private int printed;
    private long tokens;

    BatchRun(Generator generator, List<PromptLines.Line> lines) {
        this.generator = generator;
        this.lines = lines;
    }

    /// @param streams most prompts at the same time
    /// @throws IOException at last, if a prompt could not be answered
    void run(int streams) throws IOException {
        long start = System.nanoTime();
        try (GenerationBatch batch = generator.model().batch(streams)) {
            int next = 0;
            while (printed < lines.size()) {
                while (next < lines.size() && batch.hasRoom()) {
                    join(batch, next++);
                }
                batch.step().forEach(this::take);
                print();
            }
        }
        Notes notes = generator.context().notes();
        notes.clearTransientLine();
        double seconds = (System.nanoTime() - start) / 1e9;
        notes.note(
                String.format(
                        Locale.ROOT,
                        "answered %d prompts: %d tokens in %.1f s, %.1f tokens/s",
                        lines.size() - failures.size(),
                        tokens,
                        seconds,
                        tokens / seconds));
        if (!failures.isEmpty()) {
            throw new IOException(
                    "%d of %d prompts failed; the first: %s"
                            .formatted(failures.size(), lines.size(), failures.getFirst()));
        }
    }

    private void join(GenerationBatch batch, int index) {
        try {
            int[] ids = lines.get(index).prompt().ids(generator.model());
            running.put(batch.add(ids, generator.options()), index);
        } catch (RuntimeException e) {
            fail(index, e);
        }
    }

    private void take(Generation answer) {
        int index = Objects.requireNonNull(running.remove(answer), "its index");
        try {
            answers.put(index, generator.object(lines.get(index).prompt(), answer));
            tokens += answer.usage().completionTokens();
        } catch (RuntimeException e) {
            fail(index, e);
        }
    }

    private void fail(int index, RuntimeException failure) {
        String reason = ErrorText.of(failure);
        failures.add(lines.get(index).where() + ": " + reason);
        answers.put(index, Map.of("error", reason));
    }

    private void print() {
        for (var answer = answers.remove(printed); answer != null; ) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("index", printed);
            object.putAll(answer);
            generator.context().output().json(object);
            generator.context().output().flush();
            printed++;
            answer = answers.remove(printed);
        }
        generator
                .context()
                .notes()
                .transientLine("answered %d of %d prompts".formatted(printed, lines.size()));
    }
}
