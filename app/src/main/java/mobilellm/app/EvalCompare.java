package mobilellm.app;

import mobilellm.app.EvalSamples.Sample;
import mobilellm.evaluation.PairedComparison;
import mobilellm.evaluation.task.Profile;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.stream.Stream;

/// Whether one of two runs answered the same documents better.
///
/// @param first name of run A
/// @param second name of run B
record EvalCompare(String first, String second, List<Row> rows) {
    /// Differences that the MobileLLM paper tells, in points: at most that for W8A8, for layer sharing, and over earlier
    /// models of 125M.
    static final double[] PAPER = {0.5, 0.7, 2.7};

    private static final int SHOWN = 5;

    /// A document that was answered rightly in one run only.
    record Differing(Sample first, Sample second, boolean isFirstRight) {
        String name() {
            return "document %d (only %s)".formatted(first.document(), isFirstRight ? "A" : "B");
        }
    }

    /// What was found of a metric of a task.
    ///
    /// @param isMain whether the runs' profile goes by this metric
    record Row(
            String task,
            String metric,
            boolean isMain,
            PairedComparison compared,
            List<Differing> differing) {}

    /// Compares all tasks that two runs have in common.
    ///
    /// @throws IOException if there are none
    static EvalCompare of(Path first, Path second) throws IOException {
        Map<String, Path> ofFirst = EvalSamples.newest(first);
        Map<String, Path> ofSecond = EvalSamples.newest(second);
        Map<String, String> main = EvalSamples.mainMetrics(ofFirst.values().iterator().next());
        List<Row> rows = new ArrayList<>();
        for (Map.Entry<String, Path> entry : ofFirst.entrySet()) {
            String task = entry.getKey();
            Path other = ofSecond.get(task);
            if (other != null) {
                compare(
                        task,
                        Optional.ofNullable(main.get(task)),
                        EvalSamples.read(entry.getValue()),
                        EvalSamples.read(other),
                        rows);
            }
        }
        if (rows.isEmpty()) {
            throw new IOException(
                    "%s and %s have no documents of one task in common that were answered rightly or wrongly; make both with --log-samples"
                            .formatted(first, second));
        }
        return new EvalCompare(first.toString(), second.toString(), rows);
    }

    private static void compare(
            String task,
            Optional<String> main,
            Map<String, Sample> first,
            Map<String, Sample> second,
            List<Row> rows) {
        List<Sample> ofFirst = new ArrayList<>();
        List<Sample> ofSecond = new ArrayList<>();
        first.forEach(
                (document, sample) -> {
                    Sample other = second.get(document);
                    if (other != null) {
                        ofFirst.add(sample);
                        ofSecond.add(other);
                    }
                });
        if (ofFirst.size() < 2) {
            return;
        }
        for (String metric : ofFirst.getFirst().metrics().keySet()) {
            double[] a = values(ofFirst, metric);
            double[] b = values(ofSecond, metric);
            if (Stream.of(a, b).allMatch(EvalCompare::isRightOrWrong)) {
                List<Differing> differing = new ArrayList<>();
                for (int i = 0; i < a.length; i++) {
                    if (a[i] != b[i]) {
                        differing.add(new Differing(ofFirst.get(i), ofSecond.get(i), a[i] > b[i]));
                    }
                }
                boolean isMain = metric.equals(main.orElse(metric));
                rows.add(new Row(task, metric, isMain, PairedComparison.of(a, b), differing));
            }
        }
    }

    private static double[] values(List<Sample> samples, String metric) {
        return samples.stream()
                .mapToDouble(one -> one.metrics().getOrDefault(metric, Double.NaN))
                .toArray();
    }

    private static boolean isRightOrWrong(double[] values) {
        return Arrays.stream(values).allMatch(value -> value == 0 || value == 1);
    }

    /// The mean over the paper's tasks, by the metrics that the profile goes by; nothing if there is but one of them.
    Optional<PairedComparison.Mean> mean() {
        List<PairedComparison> tasks =
                rows.stream()
                        .filter(row -> row.isMain && Profile.PAPER8.contains(row.task))
                        .map(Row::compared)
                        .toList();
        return tasks.size() < 2 ? Optional.empty() : Optional.of(PairedComparison.mean(tasks));
    }

    /// All but the names of tasks and metrics, as texts for people.
    static List<String> headings() {
        List<String> headings =
                new ArrayList<>(
                        List.of(
                                "Documents",
                                "Points",
                                "±",
                                "95 % from",
                                "to",
                                "Only A",
                                "Only B",
                                "McNemar p"));
        for (double points : PAPER) {
            headings.add("For " + points);
        }
        return headings;
    }

    static List<String> cells(PairedComparison compared) {
        List<String> cells =
                new ArrayList<>(
                        List.of(
                                String.valueOf(compared.documents()),
                                points(compared.difference()),
                                points(compared.error()),
                                points(compared.low()),
                                points(compared.high()),
                                String.valueOf(compared.onlyFirst()),
                                String.valueOf(compared.onlySecond()),
                                String.format(Locale.ROOT, "%.4f", compared.pValue())));
        addNeeded(cells, compared::needed);
        return cells;
    }

    static List<String> cells(PairedComparison.Mean mean) {
        List<String> cells =
                new ArrayList<>(
                        List.of(
                                String.valueOf(mean.documents()),
                                points(mean.difference()),
                                points(mean.error()),
                                points(mean.low()),
                                points(mean.high()),
                                "",
                                "",
                                ""));
        addNeeded(cells, mean::needed);
        return cells;
    }

    private static void addNeeded(List<String> cells, DoubleFunction<Long> needed) {
        for (double points : PAPER) {
            cells.add(String.valueOf(needed.apply(points / 100)));
        }
    }

    static String meanName(PairedComparison.Mean mean) {
        return mean.tasks() == Profile.PAPER8.size() ? "paper8" : "mean of " + mean.tasks();
    }

    /// What the last columns tell.
    static String explanation() {
        return "For 0.5, 0.7, 2.7: documents with which differences of the MobileLLM paper would be"
                + " seen in 4 of 5 experiments: at most 0.5 points for W8A8, 0.7 for layer sharing,"
                + " 2.7 over earlier models of 125M.";
    }

    private static String points(double share) {
        return String.format(Locale.ROOT, "%.2f", 100 * share);
    }

    void print(Output output) {
        output.line("A = %s, B = %s; points are B minus A".formatted(first, second));
        output.line("");
        MarkdownTable table =
                new MarkdownTable(
                        Stream.concat(Stream.of("Task", "Metric"), headings().stream())
                                .toArray(String[]::new));
        for (Row row : rows) {
            table.row(
                    Stream.concat(Stream.of(row.task, row.metric), cells(row.compared).stream())
                            .toArray(String[]::new));
        }
        mean().ifPresent(
                        mean ->
                                table.row(
                                        Stream.concat(
                                                        Stream.of(meanName(mean), ""),
                                                        cells(mean).stream())
                                                .toArray(String[]::new)));
        table.lines().forEach(output::line);
        output.line("");
        output.line(explanation());
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
                                                row.differing.stream()
                                                        .limit(SHOWN)
                                                        .map(Differing::name)
                                                        .toList()),
                                        count > SHOWN
                                                ? " and %d more (--json lists them, --html shows them)"
                                                        .formatted(count - SHOWN)
                                                : ""));
            }
        }
    }

    Map<String, Object> json() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("comparisons", rows.stream().map(EvalCompare::json).toList());
        mean().ifPresent(mean -> object.put("mean", json(mean)));
        return object;
    }

    private static Map<String, Object> json(Row row) {
        PairedComparison compared = row.compared;
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("task", row.task);
        object.put("metric", row.metric);
        object.put("is_main", row.isMain);
        object.put("documents", compared.documents());
        object.put("difference", compared.difference());
        object.put("stderr", compared.error());
        object.put("low", compared.low());
        object.put("high", compared.high());
        object.put("only_first", compared.onlyFirst());
        object.put("only_second", compared.onlySecond());
        object.put("mcnemar_p", compared.pValue());
        object.put("documents_for_points", needed(compared::needed));
        object.put("differing", row.differing.stream().map(Differing::name).toList());
        return object;
    }

    private static Map<String, Object> json(PairedComparison.Mean mean) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("tasks", mean.tasks());
        object.put("documents", mean.documents());
        object.put("difference", mean.difference());
        object.put("stderr", mean.error());
        object.put("low", mean.low());
        object.put("high", mean.high());
        object.put("documents_for_points", needed(mean::needed));
        return object;
    }

    private static Map<String, Object> needed(DoubleFunction<Long> needed) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (double points : PAPER) {
            object.put(String.valueOf(points), Objects.requireNonNull(needed.apply(points / 100)));
        }
        return object;
    }
}
