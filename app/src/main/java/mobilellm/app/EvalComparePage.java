package mobilellm.app;

import mobilellm.app.EvalCompare.Differing;
import mobilellm.app.EvalCompare.Row;
import mobilellm.app.EvalSamples.Content;
import mobilellm.evaluation.PairedComparison;
import mobilellm.evaluation.task.Pair;

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
        double reach = reach();
        page.append("<div class=\"wide\"><table><tr><th>Task</th><th>Metric</th><th>");
        page.append(String.format(Locale.ROOT, "−%1$.1f … +%1$.1f points</th>", 100 * reach));
        EvalCompare.headings().forEach(one -> page.append("<th>").append(one).append("</th>"));
        page.append("</tr>\n");
        for (Row row : compared.rows()) {
            PairedComparison one = row.compared();
            String interval = interval(one.difference(), one.low(), one.high(), reach);
            row(row.task(), row.metric(), interval, EvalCompare.cells(one));
        }
        compared.mean()
                .ifPresent(
                        mean ->
                                row(
                                        EvalCompare.meanName(mean),
                                        "",
                                        interval(mean.difference(), mean.low(), mean.high(), reach),
                                        EvalCompare.cells(mean)));
        page.append("</table></div>\n<p>").append(EvalCompare.explanation()).append("</p>\n");
    }

    private void row(String task, String metric, String interval, List<String> numbers) {
        page.append(
                "<tr><td>%s</td><td>%s</td><td>%s</td>"
                        .formatted(Html.escape(task), Html.escape(metric), interval));
        numbers.forEach(one -> page.append("<td class=\"n\">").append(one).append("</td>"));
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

    private static String interval(double middle, double low, double high, double reach) {
        return String.format(
                Locale.ROOT,
                "<svg class=\"scale\" width=\"%1$d\" height=\"14\" role=\"img\""
                    + " aria-label=\"%2$+.2f points\"><line class=\"ideal\" x1=\"%3$.1f\" y1=\"0\""
                    + " x2=\"%3$.1f\" y2=\"14\"/><line class=\"bar\" x1=\"%4$.1f\" y1=\"7\""
                    + " x2=\"%5$.1f\" y2=\"7\"/><circle class=\"mark\" cx=\"%6$.1f\" cy=\"7\""
                    + " r=\"3\"/></svg>",
                WIDTH,
                100 * middle,
                x(0, reach),
                x(low, reach),
                x(high, reach),
                x(middle, reach));
    }

    private static double x(double difference, double reach) {
        return WIDTH / 2.0 + (WIDTH / 2.0 - 4) * difference / reach;
    }

    private void documents() {
        page.append("<h2>Documents that only one run has right</h2>\n<p>By the metric that the");
        page.append(
                " profile goes by. Numbers are log-likelihoods; ● is the right choice, A and B");
        page.append(" are those of the runs.</p>\n");
        for (Row row : compared.rows()) {
            if (row.isMain() && !row.differing().isEmpty()) {
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
        List<Pair> asked = a.asked(row.metric());
        String context = asked.isEmpty() ? "" : asked.getFirst().context();
        boolean isContextShared = asked.stream().allMatch(pair -> pair.context().equals(context));
        if (isContextShared) {
            page.append("<p class=\"text\">%s</p>\n".formatted(shown(context)));
        }
        if (a.isChoice()) {
            choices(row, a, b, asked, isContextShared);
        } else if (a.likelihoods().isEmpty()) {
            page.append(
                    "<p>A wrote “%s”, B wrote “%s”; right is “%s”.</p>\n"
                            .formatted(shown(a.text()), shown(b.text()), shown(a.target())));
        } else {
            page.append(
                    "<p>“%s” has %s in A, %s in B.</p>\n"
                            .formatted(
                                    shown(asked.getFirst().continuation().strip()),
                                    number(a, 0),
                                    number(b, 0)));
        }
    }

    private void choices(Row row, Content a, Content b, List<Pair> asked, boolean isContextShared) {
        int ofA = a.chosen(row.metric()).orElse(-1);
        int ofB = b.chosen(row.metric()).orElse(-1);
        page.append(
                "<div class=\"wide\"><table><tr><th></th><th>Choice</th><th>A</th><th>B</th></tr>\n");
        for (int i = 0; i < asked.size(); i++) {
            String marks =
                    (a.target().equals(String.valueOf(i)) ? "●" : "")
                            + (i == ofA ? " A" : "")
                            + (i == ofB ? " B" : "");
            Pair pair = asked.get(i);
            String text =
                    isContextShared ? pair.continuation() : pair.context() + pair.continuation();
            page.append(
                    "<tr><td>%s</td><td>%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td></tr>\n"
                            .formatted(
                                    marks.strip(),
                                    shown(text.strip()),
                                    number(a, i),
                                    number(b, i)));
        }
        page.append("</table></div>\n");
    }

    private static String shown(String text) {
        return Html.escape(text);
    }

    private static String number(Content content, int index) {
        return index < content.likelihoods().size()
                ? String.format(
                        Locale.ROOT, "%.2f", content.likelihoods().get(index).logLikelihood())
                : "";
    }
}
