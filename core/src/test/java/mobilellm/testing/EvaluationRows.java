package mobilellm.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.zip.GZIPInputStream;

/// Reference scores of an evaluation, one row a document.
public final class EvaluationRows {
    private EvaluationRows() {}

    /// The rows of `fixtures/eval/NAME.jsonl.gz`.
    public static List<JsonRow> rows(String name) throws IOException {
        try (BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(
                                        Files.newInputStream(
                                                Shared.path(
                                                        "fixtures/eval/" + name + ".jsonl.gz"))),
                                StandardCharsets.UTF_8))) {
            return reader.lines().map(JsonRow::parse).toList();
        }
    }
}
