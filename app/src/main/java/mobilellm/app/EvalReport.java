package mobilellm.app;

import mobilellm.evaluation.Answer;
import mobilellm.evaluation.Measurement;
import mobilellm.evaluation.TaskResult;
import mobilellm.evaluation.TaskResult.Answered;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Question;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/// One HTML page about a run that needs no other file: scores with their intervals beside published ones, how far the
/// model's confidence can be trusted, and whether longer questions are harder.
///
/// @param settings of the run
record EvalReport(Map<String, String> settings, List<TaskResult> results) {
    private static final int BINS = 10;
    private static final int LENGTHS = 5;
    private static final double NEAR_TIE = 1e-3;

    String html() {
        StringBuilder page = new StringBuilder();
        String title = "Zero-shot scores of " + settings.getOrDefault("model", "a model");
        scores(page);
        List<TaskResult> choices = results.stream().filter(EvalReport::isChoice).toList();
        if (!choices.isEmpty()) {
            calibration(page, choices);
        }
        List<TaskResult> measured = results.stream().filter(EvalReport::isShare).toList();
        if (!measured.isEmpty()) {
            lengths(page, measured);
        }
        documents(page);
        run(page);
        return Html.page(title, page);
    }

    private static boolean isShare(TaskResult result) {
        return result.task().main().summary() == Metric.Summary.MEAN;
    }

    private static boolean isChoice(TaskResult result) {
        return result.answers().getFirst().document().question() instanceof Question.Choice;
    }

    private void scores(StringBuilder page) {
        page.append("<h2>Scores</h2>\n<table><tr><th colspan=\"6\"></th>")
                .append(
                        "<th class=\"published\" colspan=\"%d\">Published by others</th></tr>\n"
                                .formatted(Published.ALL.size()))
                .append("<tr><th>Task</th><th>Metric</th><th>Documents</th>")
                .append("<th>Score</th><th>95 % interval</th><th></th>");
        for (Published published : Published.ALL) {
            page.append("<th class=\"published\">")
                    .append(Html.escape(published.name()))
                    .append("</th>");
        }
        page.append("</tr>\n");
        for (TaskResult result : results) {
            for (Measurement measured : result.measurements()) {
                row(page, result, measured);
            }
        }
        EvalTable.paper(results).ifPresent(row -> average(page, row.getLast()));
        page.append(
                        "</table>\n"
                                + "<p>Per cent, but for perplexities and bits. The bar is the 95 %")
                .append(" interval from 0 to 100 %. Published scores were measured by others with")
                .append(" other programs (");
        page.append(
                String.join(
                        "; ",
                        Published.ALL.stream()
                                .map(Published::source)
                                .distinct()
                                .map(Html::escape)
                                .toList()));
        page.append("); they stand beside the metric that this profile goes by.</p>\n");
    }

    private static void row(StringBuilder page, TaskResult result, Measurement measured) {
        boolean isMain = measured.metric() == result.task().main();
        Optional<Interval> interval = Optional.empty();
        if (measured.metric().summary() == Metric.Summary.MEAN) {
            interval = Optional.of(Interval.wilson(measured.value(), measured.documents()));
        } else if (measured.error().isPresent()) {
            interval =
                    Optional.of(Interval.normal(measured.value(), measured.error().getAsDouble()));
        }
        cells(page, result.task().name(), measured.metric().word(), measured, interval);
        for (Published published : Published.ALL) {
            published(
                    page, isMain ? published.score(result.task().name()) : OptionalDouble.empty());
        }
        page.append("</tr>\n");
    }

    /// What papers call the average: of the metrics that the profile goes by, each task counting once.
    private static void average(StringBuilder page, Measurement average) {
        double error = average.error().orElse(0);
        Interval interval = Interval.normal(average.value(), error);
        cells(page, "mean of the eight", "", average, Optional.of(interval));
        Published.ALL.forEach(published -> published(page, published.average()));
        page.append("</tr>\n");
    }

    private static void published(StringBuilder page, OptionalDouble score) {
        page.append("<td class=\"n published\">")
                .append(score.isPresent() ? decimal(score.getAsDouble(), 1) : "")
                .append("</td>");
    }

    private static void cells(
            StringBuilder page,
            String task,
            String metric,
            Measurement measured,
            Optional<Interval> interval) {
        boolean isShare = measured.metric().summary() == Metric.Summary.MEAN;
        double scale = isShare ? 100 : 1;
        int digits = measured.metric().summary() == Metric.Summary.BITS ? 4 : 1;
        page.append("<tr><td>%s</td><td>%s</td>".formatted(Html.escape(task), metric));
        number(page, String.valueOf(measured.documents()));
        number(page, decimal(scale * measured.value(), digits));
        number(
                page,
                interval.map(
                                one ->
                                        decimal(scale * one.low(), digits)
                                                + " – "
                                                + decimal(scale * one.high(), digits))
                        .orElse("N/A"));
        page.append("<td>")
                .append(
                        interval.filter(_ -> isShare)
                                .map(one -> scale(measured.value(), one))
                                .orElse(""))
                .append("</td>");
    }

    private static void number(StringBuilder page, String text) {
        page.append("<td class=\"n\">").append(text).append("</td>");
    }

    private static String decimal(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private static String scale(double value, Interval interval) {
        return String.format(
                Locale.ROOT,
                "<svg class=\"scale\" width=\"120\" height=\"12\" aria-hidden=\"true\">"
                        + "<line class=\"grid\" x1=\"0\" y1=\"6\" x2=\"120\" y2=\"6\"/>"
                        + "<line class=\"bar\" x1=\"%.1f\" y1=\"6\" x2=\"%.1f\" y2=\"6\"/>"
                        + "<circle class=\"mark\" cx=\"%.1f\" cy=\"6\" r=\"3\"/></svg>",
                120 * interval.low(),
                120 * interval.high(),
                120 * value);
    }

    /// A model's probability of its choice, and whether the choice was right.
    private record Bet(double confidence, boolean isRight) {}

    private static List<Bet> bets(TaskResult result) {
        List<Bet> bets = new ArrayList<>();
        Metric metric =
                result.task().main() == Metric.ACC_OVER_PROMPT
                        ? Metric.ACC_OVER_PROMPT
                        : Metric.ACC;
        for (Answered answered : result.answers()) {
            Question.Choice choice = (Question.Choice) answered.document().question();
            Answer answer = answered.answer();
            double[] scores = answer.scores(metric, choice);
            int best = answer.best(metric, choice);
            double sum = 0;
            for (double score : scores) {
                sum += Math.exp(score - scores[best]);
            }
            bets.add(new Bet(1 / sum, best == choice.gold()));
        }
        return bets;
    }

    private static void calibration(StringBuilder page, List<TaskResult> results) {
        page.append("<h2>Calibration</h2>\n<p>How often the likeliest choice is right, by the")
                .append(" probability that the model gives it among the choices. On the dashed")
                .append(" line both are equal. Bars are 95 % intervals.</p>\n");
        for (TaskResult result : results) {
            List<Bet> bets = bets(result);
            Plot plot =
                    new Plot("confidence", "share right", List.of("0", "0.5", "1"))
                            .line(0, 0, 1, 1, "ideal");
            double gap = 0;
            for (int bin = 0; bin < BINS; bin++) {
                double from = (double) bin / BINS;
                double to = (bin + 1.0) / BINS;
                List<Bet> within =
                        bets.stream()
                                .filter(bet -> bet.confidence > from && bet.confidence <= to)
                                .toList();
                if (!within.isEmpty()) {
                    double confidence =
                            within.stream().mapToDouble(Bet::confidence).average().orElseThrow();
                    double right = share(within.stream().map(Bet::isRight).toList());
                    gap += Math.abs(confidence - right) * within.size() / bets.size();
                    plot.point(confidence, right, Interval.wilson(right, within.size()));
                }
            }
            Html.figure(
                    page,
                    plot.svg("calibration of " + result.task().name()),
                    String.format(
                            Locale.ROOT,
                            "%s: expected calibration error %.3f",
                            result.task().name(),
                            gap));
        }
    }

    private static double share(List<Boolean> right) {
        return (double) right.stream().filter(one -> one).count() / right.size();
    }

    private static void lengths(StringBuilder page, List<TaskResult> results) {
        page.append("<h2>Length of the question</h2>\n<p>The share of right answers in five equal")
                .append(" parts of the documents, from the shortest context to the longest, by the")
                .append(" metric that the profile goes by.</p>\n");
        for (TaskResult result : results) {
            List<Answered> sorted =
                    result.answers().stream()
                            .sorted(Comparator.comparingInt(Answered::contextLength))
                            .toList();
            int parts = Math.min(LENGTHS, sorted.size());
            List<String> ticks = new ArrayList<>();
            List<Double> shares = new ArrayList<>();
            List<Interval> intervals = new ArrayList<>();
            for (int part = 0; part < parts; part++) {
                List<Answered> within =
                        sorted.subList(
                                sorted.size() * part / parts, sorted.size() * (part + 1) / parts);
                double right =
                        within.stream()
                                .mapToDouble(one -> one.value(result.task().main()))
                                .average()
                                .orElseThrow();
                ticks.add(String.valueOf(within.get(within.size() / 2).contextLength()));
                shares.add(right);
                intervals.add(Interval.wilson(right, within.size()));
            }
            Plot plot = new Plot("tokens of the context", "share right", ticks);
            for (int part = 0; part < parts; part++) {
                double at = parts == 1 ? 0.5 : (double) part / (parts - 1);
                if (part > 0) {
                    double before = (part - 1.0) / (parts - 1);
                    plot.line(before, shares.get(part - 1), at, shares.get(part), "path");
                }
                plot.point(at, shares.get(part), intervals.get(part));
            }
            Html.figure(page, plot.svg("length of " + result.task().name()), result.task().name());
        }
    }

    /// What makes scores of other programs differ.
    private void documents(StringBuilder page) {
        page.append(
                        "<h2>Documents to look at</h2>\n"
                                + "<p>A near tie is a choice that would not have won")
                .append(
                        " had its log-likelihood been 0.001 less: rounding alone may turn"
                                + " it.</p>\n")
                .append("<table>");
        Html.headings(
                page,
                List.of(
                        "Task",
                        "Documents",
                        "Near ties",
                        "Beginning cut",
                        "Continuation repaired"));
        for (TaskResult result : results) {
            List<Answered> answers = result.answers();
            Html.row(
                    page,
                    1,
                    List.of(
                            Html.escape(result.task().name()),
                            String.valueOf(answers.size()),
                            isChoice(result) ? count(answers, one -> isNearTie(result, one)) : "",
                            count(answers, Answered::isCut),
                            count(answers, Answered::isRepaired)));
        }
        page.append("</table>\n");
    }

    private static String count(List<Answered> answers, Predicate<Answered> predicate) {
        return String.valueOf(answers.stream().filter(predicate).count());
    }

    private static boolean isNearTie(TaskResult result, Answered answered) {
        Question.Choice choice = (Question.Choice) answered.document().question();
        return answered.answer().margin(result.task().main(), choice) < NEAR_TIE;
    }

    private void run(StringBuilder page) {
        page.append("<h2>What scores depend on</h2>\n<table class=\"facts\">\n");
        settings.forEach(
                (key, value) ->
                        page.append("<tr><td>")
                                .append(Html.escape(key))
                                .append("</td><td>")
                                .append(Html.escape(Text.printable(value)).replace(",", ", "))
                                .append("</td></tr>\n"));
        page.append("<tr><td>logits</td><td>f32; their softmax is summed in f64</td></tr>\n")
                .append("</table>\n");
    }
}
