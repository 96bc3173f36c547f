package mobilellm.app;

import mobilellm.evaluation.Measurement;
import mobilellm.evaluation.TaskResult;
import mobilellm.evaluation.task.Profile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The scores as people read them: the table of lm-evaluation-harness and, where all of its tasks were asked, the row
/// of the MobileLLM paper.
final class EvalTable {
    /// The paper's columns, in the order of [Profile#PAPER8].
    static final List<String> COLUMNS =
            List.of("ARC-e", "ARC-c", "BoolQ", "PIQA", "SIQA", "HellaSwag", "OBQA", "WinoGrande");

    private EvalTable() {}

    static void print(Output output, EvalVerb options, List<TaskResult> results) {
        MarkdownTable table =
                new MarkdownTable(
                        "Tasks", "Version", "Filter", "n-shot", "Metric", "", "Value", " ",
                        "Stderr");
        for (TaskResult result : results) {
            String name = result.task().name();
            for (Measurement measured :
                    result.measurements().stream()
                            .sorted(Comparator.comparing(one -> one.metric().word()))
                            .toList()) {
                table.row(
                        name,
                        name.isEmpty() ? "" : result.task().version(),
                        result.task().filter(),
                        String.valueOf(options.examples),
                        measured.metric().word(),
                        measured.metric().higherIsBetter() ? "↑" : "↓",
                        number(measured.value()),
                        "±",
                        measured.error().isPresent()
                                ? number(measured.error().getAsDouble())
                                : "N/A");
                name = "";
            }
        }
        table.lines().forEach(output::line);
        paper(results).ifPresent(row -> printPaper(output, row));
    }

    /// The measurements of the paper's columns and their average, if all were made.
    static Optional<List<Measurement>> paper(List<TaskResult> results) {
        List<Measurement> row = new ArrayList<>();
        for (String name : Profile.PAPER8) {
            results.stream()
                    .filter(result -> result.task().name().equals(name))
                    .findFirst()
                    .ifPresent(result -> row.add(result.main()));
        }
        if (row.size() < Profile.PAPER8.size()) {
            return Optional.empty();
        }
        row.add(Measurement.average(row));
        return Optional.of(row);
    }

    private static void printPaper(Output output, List<Measurement> row) {
        output.line("");
        List<String> headings = new ArrayList<>(COLUMNS);
        headings.add("Avg.");
        headings.addFirst("");
        MarkdownTable table = new MarkdownTable(headings.toArray(String[]::new));
        List<String> metrics = new ArrayList<>(List.of("metric"));
        List<String> values = new ArrayList<>(List.of("%"));
        List<String> errors = new ArrayList<>(List.of("±"));
        for (Measurement measured : row) {
            boolean isAverage = metrics.size() > COLUMNS.size();
            metrics.add(isAverage ? "mean" : measured.metric().word());
            values.add(percent(measured.value()));
            errors.add(percent(measured.error().orElse(Double.NaN)));
        }
        table.row(metrics.toArray(String[]::new));
        table.row(values.toArray(String[]::new));
        table.row(errors.toArray(String[]::new));
        table.lines().forEach(output::line);
    }

    static String percent(double share) {
        return Double.isNaN(share) ? "N/A" : String.format(Locale.ROOT, "%.1f", 100 * share);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }
}
