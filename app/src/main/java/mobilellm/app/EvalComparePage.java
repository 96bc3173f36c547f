package mobilellm.app;

import mobilellm.app.EvalCompare.Differing;
import mobilellm.app.EvalCompare.Row;
import mobilellm.app.EvalSamples.Content;
import mobilellm.evaluation.PairedDifference;
import mobilellm.evaluation.task.Pair;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/// One HTML page about two runs that needs no other file: differences with their intervals, and the documents that only one
/// run answered rightly.
final class EvalComparePage {
    private static final int WIDTH = 160;

    private final EvalCompare compared;
    private final StringBuilder page = new StringBuilder();

    private EvalComparePage(EvalCompare compared) {
        this.compared = compared;
    }

    static String html(EvalCompare compared) {
        EvalComparePage page = new EvalComparePage(compared);
        page.differences();
        page.documents();
        return Html.page("Two runs, document by document", page.page);
    }

    private void differences() {
        page.append(
                "<p>A is <b>%s</b>, B is <b>%s</b>. "
                        .formatted(Html.escape(compared.first()), Html.escape(compared.second())));
        page.append("Points are B minus A, of documents that both answered. ");
        page.append("An interval that leaves out 0, the dashed line, is a difference.</p>\n");
        compared.differences()
                .forEach(
                        one ->
                                page.append("<p class=\"text\">They differ in ")
                                        .append(Html.escape(one))
                                        .append(".</p>\n"));
        double reach = reach();
        page.append("<table><tr><th>Task</th><th>Metric</th><th>");
        page.append(String.format(Locale.ROOT, "−%1$.1f … +%1$.1f points</th>", 100 * reach));
        EvalCompareTable.headings().forEach(one -> page.append("<th>").append(one).append("</th>"));
        page.append("</tr>\n");
        for (Row row : compared.rows()) {
            row(row.task(), row.metric(), row.compared(), reach);
        }
        compared.mean().ifPresent(mean -> row(EvalCompareTable.meanName(mean), "", mean, reach));
        page.append("</table>\n<p>").append(EvalCompareTable.explanation()).append("</p>\n");
    }

    private void row(String task, String metric, PairedDifference difference, double reach) {
        page.append(
                "<tr><td>%s</td><td>%s</td><td>%s</td>"
                        .formatted(
                                Html.escape(task),
                                Html.escape(metric),
                                interval(difference, reach)));
        EvalCompareTable.cells(difference)
                .forEach(one -> page.append("<td class=\"n\">").append(one).append("</td>"));
        page.append("</tr>\n");
    }

    /// The same scale for all rows.
    private double reach() {
        return compared.rows().stream()
                .map(Row::compared)
                .flatMapToDouble(one -> DoubleStream.of(-one.low(), one.high(), 0.001))
                .max()
                .orElseThrow();
    }

    private static String interval(PairedDifference difference, double reach) {
        return String.format(
                Locale.ROOT,
                "<svg class=\"scale\" width=\"%1$d\" height=\"14\" role=\"img\""
                    + " aria-label=\"%2$+.2f points\"><line class=\"ideal\" x1=\"%3$.1f\" y1=\"0\""
                    + " x2=\"%3$.1f\" y2=\"14\"/><line class=\"bar\" x1=\"%4$.1f\" y1=\"7\""
                    + " x2=\"%5$.1f\" y2=\"7\"/><circle class=\"mark\" cx=\"%6$.1f\" cy=\"7\""
                    + " r=\"3\"/></svg>",
                WIDTH,
                100 * difference.difference(),
                x(0, reach),
                x(difference.low(), reach),
                x(difference.high(), reach),
                x(difference.difference(), reach));
    }

    private static double x(double difference, double reach) {
        return WIDTH / 2.0 + (WIDTH / 2.0 - 4) * difference / reach;
    }

    private void documents() {
        page.append("<h2>Documents that only one run has right</h2>\n<p>By the metric that the")
                .append(" profile goes by; numbers are what it compares: log-likelihoods, for each")
                .append(" character where it is acc_norm. ● is the right choice, A and B are those")
                .append(" of the runs.</p>\n");
        for (Row row : compared.rows()) {
            if (row.isMain().orElse(true) && !row.differing().isEmpty()) {
                page.append(
                        "<details><summary>%s: %d documents, %d right only in A, %d only in B</summary>\n"
                                .formatted(
                                        Html.escape(row.task()),
                                        row.differing().size(),
                                        row.compared().onlyFirst(),
                                        row.compared().onlySecond()));
                row.differing().forEach(one -> document(row, one));
                page.append("</details>\n");
            }
        }
    }

    private void document(Row row, Differing differing) {
        Content a = differing.first().content();
        Content b = differing.second().content();
        page.append("<h3>%s</h3>\n".formatted(Html.escape(differing.name())));
        List<Double> scores = a.scores(row.metric());
        List<Pair> asked = a.pairs().subList(0, Math.min(a.pairs().size(), scores.size()));
        String context = asked.isEmpty() ? a.prompt() : asked.getFirst().context();
        boolean isContextShared = asked.stream().allMatch(pair -> pair.context().equals(context));
        if (isContextShared) {
            page.append("<p class=\"text\">%s</p>\n".formatted(Html.escape(context)));
        }
        if (asked.isEmpty()) {
            page.append(
                    "<p>A wrote “%s”, B wrote “%s”; right is “%s”.</p>\n"
                            .formatted(
                                    Html.escape(a.text()),
                                    Html.escape(b.text()),
                                    Html.escape(a.target())));
        } else if (asked.size() == 1) {
            page.append(
                    "<p>“%s” has %s in A, %s in B.</p>\n"
                            .formatted(
                                    Html.escape(asked.getFirst().continuation().strip()),
                                    number(scores, 0),
                                    number(b.scores(row.metric()), 0)));
        } else {
            choices(scores, b.scores(row.metric()), asked, a.target(), isContextShared);
        }
    }

    private void choices(
            List<Double> ofA,
            List<Double> ofB,
            List<Pair> asked,
            String target,
            boolean isContextShared) {
        int bestOfA = ofA.indexOf(Collections.max(ofA));
        int bestOfB = ofB.indexOf(Collections.max(ofB));
        page.append("<table><tr><th></th><th>Choice</th><th>A</th><th>B</th>");
        page.append("</tr>\n");
        for (int i = 0; i < asked.size(); i++) {
            String marks =
                    (target.equals(String.valueOf(i)) ? "●" : "")
                            + (i == bestOfA ? " A" : "")
                            + (i == bestOfB ? " B" : "");
            Pair pair = asked.get(i);
            String text =
                    isContextShared ? pair.continuation() : pair.context() + pair.continuation();
            page.append(
                    "<tr><td>%s</td><td>%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td></tr>\n"
                            .formatted(
                                    marks.strip(),
                                    Html.escape(text.strip()),
                                    number(ofA, i),
                                    number(ofB, i)));
        }
        page.append("</table>\n");
    }

    private static String number(List<Double> scores, int index) {
        return index < scores.size() ? String.format(Locale.ROOT, "%.3f", scores.get(index)) : "";
    }
}
