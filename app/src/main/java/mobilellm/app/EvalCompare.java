package mobilellm.app;

import mobilellm.evaluation.PairedComparison;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Tells whether one of two runs answered the same documents better.
record EvalCompare(Context context) {
    /// Dates order as texts do.
    private static final Pattern SAMPLES =
            Pattern.compile("samples_(.+)_(\\d{4}-\\d\\d-\\d\\dT[\\d.-]+)\\.jsonl");

    private static final int SHOWN = 5;

    /// An answer of a run.
    private record Sample(String document, Map<String, Double> metrics) {}

    /// What was found of a metric of a task.
    private record Row(
            String task, String metric, PairedComparison compared, List<String> differing) {}

    void run(Path first, Path second) throws IOException {
        Map<String, Path> ofFirst = newestSamples(first);
        Map<String, Path> ofSecond = newestSamples(second);
        List<Row> rows = new ArrayList<>();
        for (Map.Entry<String, Path> entry : ofFirst.entrySet()) {
            Path other = ofSecond.get(entry.getKey());
            if (other != null) {
                compare(entry.getKey(), read(entry.getValue()), read(other), rows);
            }
        }
        if (rows.isEmpty()) {
            throw new IOException(
                    "%s and %s have no documents of one task in common that were answered rightly or wrongly; make both with --log-samples"
                            .formatted(first, second));
        }
        if (context.json()) {
            context.output()
                    .json(Map.of("comparisons", rows.stream().map(EvalCompare::object).toList()));
        } else {
            print(first, second, rows);
        }
    }

    /// The newest samples of each task in a folder, or in the only folder within it.
    private static Map<String, Path> newestSamples(Path folder) throws IOException {
        Map<String, Path> newest = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder, 2)) {
            for (Path file : files.sorted().toList()) {
                Matcher name = SAMPLES.matcher(String.valueOf(file.getFileName()));
                if (name.matches()) {
                    Path before = newest.put(name.group(1), file);
                    if (before != null
                            && !file.resolveSibling("").equals(before.resolveSibling(""))) {
                        throw new IOException(
                                folder + " has results of several models: name one of its folders");
                    }
                }
            }
        }
        if (newest.isEmpty()) {
            throw new IOException(
                    folder + " has no samples_….jsonl; make it with 'eval --out … --log-samples'");
        }
        return newest;
    }

    /// By the document and what was asked about it.
    private static Map<String, Sample> read(Path file) throws IOException {
        Map<String, Sample> samples = new LinkedHashMap<>();
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                String where = "line " + ++number + " of " + file;
                Map<String, Object> object = Json.readObject(line, where);
                if (!(object.get("metrics") instanceof List<?> metrics)
                        || !(object.get("doc_hash") instanceof String document)) {
                    throw new IllegalArgumentException(
                            where + ": expected a sample with doc_hash and metrics");
                }
                Map<String, Double> values = new LinkedHashMap<>();
                for (Object metric : metrics) {
                    if (object.get(String.valueOf(metric)) instanceof Number value) {
                        values.put(String.valueOf(metric), value.doubleValue());
                    }
                }
                String id = "document " + object.get("doc_id");
                samples.put(document, new Sample(id, values));
            }
        }
        return samples;
    }

    private static void compare(
            String task, Map<String, Sample> first, Map<String, Sample> second, List<Row> rows) {
        List<String> common = first.keySet().stream().filter(second::containsKey).toList();
        if (common.size() < 2) {
            return;
        }
        for (String metric : sample(first, common.getFirst()).metrics.keySet()) {
            double[] a = values(first, common, metric);
            double[] b = values(second, common, metric);
            if (Stream.of(a, b).allMatch(EvalCompare::isRightOrWrong)) {
                List<String> differing = new ArrayList<>();
                for (int i = 0; i < a.length; i++) {
                    if (a[i] != b[i]) {
                        String id = sample(first, common.get(i)).document;
                        differing.add(id + (a[i] > b[i] ? " (only A)" : " (only B)"));
                    }
                }
                rows.add(new Row(task, metric, PairedComparison.of(a, b), differing));
            }
        }
    }

    private static Sample sample(Map<String, Sample> samples, String document) {
        return samples.getOrDefault(document, new Sample("", Map.of()));
    }

    private static double[] values(
            Map<String, Sample> samples, List<String> documents, String metric) {
        return documents.stream()
                .mapToDouble(one -> sample(samples, one).metrics.getOrDefault(metric, Double.NaN))
                .toArray();
    }

    private static boolean isRightOrWrong(double[] values) {
        for (double value : values) {
            if (value != 0 && value != 1) {
                return false;
            }
        }
        return true;
    }

    private void print(Path first, Path second, List<Row> rows) {
        Output output = context.output();
        output.line("A = %s, B = %s; points are B minus A".formatted(first, second));
        output.line("");
        MarkdownTable table =
                new MarkdownTable(
                        "Task",
                        "Metric",
                        "Documents",
                        "Points",
                        "±",
                        "95 % from",
                        "to",
                        "Only A",
                        "Only B",
                        "McNemar p",
                        "For 0.5 points");
        for (Row row : rows) {
            PairedComparison compared = row.compared;
            table.row(
                    row.task,
                    row.metric,
                    String.valueOf(compared.documents()),
                    points(compared.difference()),
                    points(compared.error()),
                    points(compared.low()),
                    points(compared.high()),
                    String.valueOf(compared.onlyFirst()),
                    String.valueOf(compared.onlySecond()),
                    String.format(Locale.ROOT, "%.4f", compared.pValue()),
                    String.valueOf(compared.needed()));
        }
        table.lines().forEach(output::line);
        output.line("");
        for (Row row : rows) {
            int count = row.differing.size();
            if (count > 0) {
                output.line(
                        "%s %s, right in one run only: %s%s"
                                .formatted(
                                        row.task,
                                        row.metric,
                                        String.join(
                                                ", ",
                                                row.differing.subList(0, Math.min(SHOWN, count))),
                                        count > SHOWN
                                                ? " and %d more (--json lists them)"
                                                        .formatted(count - SHOWN)
                                                : ""));
            }
        }
    }

    private static String points(double share) {
        return String.format(Locale.ROOT, "%.2f", 100 * share);
    }

    private static Map<String, Object> object(Row row) {
        PairedComparison compared = row.compared;
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("task", row.task);
        object.put("metric", row.metric);
        object.put("documents", compared.documents());
        object.put("difference", compared.difference());
        object.put("stderr", compared.error());
        object.put("low", compared.low());
        object.put("high", compared.high());
        object.put("only_first", compared.onlyFirst());
        object.put("only_second", compared.onlySecond());
        object.put("mcnemar_p", compared.pValue());
        object.put("documents_for_half_a_point", compared.needed());
        object.put("differing", row.differing);
        return object;
    }
}
