package mobilellm.app;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Tells logits as text, as JSON, and as a file.
///
/// @param top tokens to tell for each position
/// @param last whether only the last position is told
record LogitsReport(Context context, LogitsSource source, int top, boolean last) {
    /// @param out file for all logits of the told positions
    void print(int[] ids, @Nullable Path out) throws IOException {
        List<TopLogits> tops;
        if (out == null) {
            tops = compute(ids, row -> {});
        } else {
            try (var file =
                    new MatrixFile(out, "logits", last ? 1 : ids.length, source.vocabularySize())) {
                tops = compute(ids, file::write);
            }
            context.notes().note("wrote " + out);
        }
        if (context.json()) {
            context.output().json(json(tops));
        } else {
            printText(ids, tops);
        }
    }

    /// The answer for one sequence.
    Map<String, Object> object(int[] ids) throws IOException {
        return json(compute(ids, row -> {}));
    }

    private static Map<String, Object> json(List<TopLogits> tops) {
        return Map.of("top", tops.stream().map(TopLogits::json).toList());
    }

    private interface Rows {
        void write(float[] row) throws IOException;
    }

    private List<TopLogits> compute(int[] ids, Rows rows) throws IOException {
        List<TopLogits> tops = new ArrayList<>();
        try {
            source.compute(
                    ids,
                    (position, logits) -> {
                        if (!last || position == ids.length - 1) {
                            write(rows, logits);
                            tops.add(TopLogits.of(logits, top));
                        }
                        context.notes()
                                .transientLine(
                                        "position %d of %d".formatted(position + 1, ids.length));
                    });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            context.notes().clearTransientLine();
        }
        return tops;
    }

    private static void write(Rows rows, float[] logits) {
        try {
            rows.write(logits);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void printText(int[] ids, List<TopLogits> tops) {
        int position = ids.length - tops.size();
        for (TopLogits told : tops) {
            context.output()
                    .line(
                            "position %d, after token %d \"%s\""
                                    .formatted(position, ids[position], piece(ids[position])));
            for (TopLogits.Entry entry : told.entries()) {
                context.output()
                        .line(
                                String.format(
                                        Locale.ROOT,
                                        "%8d %10.4f  \"%s\"",
                                        entry.id(),
                                        entry.logit(),
                                        piece(entry.id())));
            }
            position++;
        }
    }

    private String piece(int id) {
        return Text.printable(source.tokenizer().piece(id));
    }
}
