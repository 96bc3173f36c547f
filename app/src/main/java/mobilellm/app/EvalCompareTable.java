package mobilellm.app;

import mobilellm.app.EvalCompare.Differing;
import mobilellm.app.EvalCompare.Row;
import mobilellm.evaluation.PairedComparison;
import mobilellm.evaluation.PairedDifference;
import mobilellm.evaluation.task.Profile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// Two runs beside each other, for people and for programs.
record EvalCompareTable(EvalCompare compared) {
    /// Differences that the MobileLLM paper tells, in points: at most that for W8A8, for layer sharing, and over earlier
    /// models of 125M.
    private static final double[] PAPER = {0.5, 0.7, 2.7};

    private static final int SHOWN = 5;

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

    static List<String> cells(PairedDifference difference) {
        List<String> cells =
                new ArrayList<>(
                        List.of(
                                String.valueOf(difference.documents()),
                                points(difference.difference()),
                                points(difference.error()),
                                points(difference.low()),
                                points(difference.high())));
        cells.addAll(
                difference instanceof PairedComparison compared
                        ? List.of(
                                String.valueOf(compared.onlyFirst()),
                                String.valueOf(compared.onlySecond()),
                                String.format(Locale.ROOT, "%.4f", compared.pValue()))
                        : List.of("", "", ""));
        for (double points : PAPER) {
            OptionalLong needed = difference.needed(points / 100);
            cells.add(needed.isPresent() ? String.valueOf(needed.getAsLong()) : "");
        }
        return cells;
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
        output.line(
                "A = %s, B = %s; points are B minus A"
                        .formatted(compared.first(), compared.second()));
        compared.differences().forEach(one -> output.line("They differ in " + Text.printable(one)));
        output.line("");
        MarkdownTable table =
                new MarkdownTable(
                        Stream.concat(Stream.of("Task", "Metric"), headings().stream())
                                .toArray(String[]::new));
        for (Row row : compared.rows()) {
            table.row(
                    Stream.concat(
                                    Stream.of(row.task(), row.metric()),
                                    cells(row.compared()).stream())
                            .toArray(String[]::new));
        }
        compared.mean()
                .ifPresent(
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
        for (Row row : compared.rows()) {
            int count = row.differing().size();
            if (count > 0) {
                output.line(
                        "%s %s, right in one run only: %s%s"
                                .formatted(
                                        row.task(),
                                        row.metric(),
                                        String.join(
                                                ", ",
                                                row.differing().stream()
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
        object.put("a", compared.first());
        object.put("b", compared.second());
        object.put("settings_that_differ", compared.differences());
        object.put("comparisons", compared.rows().stream().map(EvalCompareTable::json).toList());
        compared.mean().ifPresent(mean -> object.put("mean", json(mean)));
        return object;
    }

    private static Map<String, Object> json(Row row) {
        PairedComparison compared = row.compared();
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("task", row.task());
        object.put("metric", row.metric());
        row.isMain().ifPresent(isMain -> object.put("is_main", isMain));
        addTo(object, compared);
        object.put("only_first", compared.onlyFirst());
        object.put("only_second", compared.onlySecond());
        object.put("mcnemar_p", compared.pValue());
        object.put("differing", row.differing().stream().map(EvalCompareTable::json).toList());
        return object;
    }

    private static Map<String, Object> json(Differing differing) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("document", differing.first().document());
        object.put("right", differing.isFirstRight() ? "a" : "b");
        return object;
    }

    private static Map<String, Object> json(PairedComparison.Mean mean) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("tasks", mean.tasks());
        addTo(object, mean);
        return object;
    }

    private static void addTo(Map<String, Object> object, PairedDifference difference) {
        object.put("documents", difference.documents());
        object.put("difference", difference.difference());
        object.put("stderr", difference.error());
        object.put("low", difference.low());
        object.put("high", difference.high());
        Map<String, Object> needed = new LinkedHashMap<>();
        for (double points : PAPER) {
            difference
                    .needed(points / 100)
                    .ifPresent(documents -> needed.put(String.valueOf(points), documents));
        }
        object.put("documents_for_points", needed);
    }
}
