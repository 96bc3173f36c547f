package mobilellm.app;

import mobilellm.evaluation.Answer;
import mobilellm.evaluation.Measurement;
import mobilellm.evaluation.TaskResult;
import mobilellm.evaluation.TaskResult.Answered;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Question;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

    /// Half the width of a 95 % interval, in standard errors.
    private static final double WIDTH = 1.96;

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
        page.append("<h2>Scores</h2>\n<div class=\"wide\"><table><tr><th colspan=\"6\"></th>")
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
        page.append(
                        "</table></div>\n"
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
        boolean isShare = measured.metric().summary() == Metric.Summary.MEAN;
        double scale = isShare ? 100 : 1;
        double error = WIDTH * measured.error().orElse(Double.NaN);
        page.append("<tr><td>")
                .append(Html.escape(result.task().name()))
                .append("</td><td>")
                .append(measured.metric().word())
                .append("</td>");
        number(page, String.valueOf(measured.documents()));
        number(page, decimal(scale * measured.value()));
        number(
                page,
                Double.isNaN(error)
                        ? "N/A"
                        : decimal(scale * (measured.value() - error))
                                + " – "
                                + decimal(scale * (measured.value() + error)));
        page.append("<td>")
                .append(isShare && !Double.isNaN(error) ? scale(measured.value(), error) : "")
                .append("</td>");
        for (Published published : Published.ALL) {
            OptionalDouble score = published.score(result.task().name());
            page.append("<td class=\"n published\">")
                    .append(isMain && score.isPresent() ? decimal(score.getAsDouble()) : "")
                    .append("</td>");
        }
        page.append("</tr>\n");
    }

    private static void number(StringBuilder page, String text) {
        page.append("<td class=\"n\">").append(text).append("</td>");
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String scale(double value, double error) {
        return String.format(
                Locale.ROOT,
                "<svg class=\"scale\" width=\"120\" height=\"12\" aria-hidden=\"true\">"
                        + "<line class=\"grid\" x1=\"0\" y1=\"6\" x2=\"120\" y2=\"6\"/>"
                        + "<line class=\"bar\" x1=\"%.1f\" y1=\"6\" x2=\"%.1f\" y2=\"6\"/>"
                        + "<circle class=\"mark\" cx=\"%.1f\" cy=\"6\" r=\"3\"/></svg>",
                120 * Math.max(0, value - error),
                120 * Math.min(1, value + error),
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
                    plot.point(confidence, right, WIDTH * error(right, within.size()));
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

    private static double error(double share, int count) {
        return Math.sqrt(share * (1 - share) / count);
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
            List<Double> errors = new ArrayList<>();
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
                errors.add(WIDTH * error(right, within.size()));
            }
            Plot plot = new Plot("tokens of the context", "share right", ticks);
            for (int part = 0; part < parts; part++) {
                double at = parts == 1 ? 0.5 : (double) part / (parts - 1);
                if (part > 0) {
                    double before = (part - 1.0) / (parts - 1);
                    plot.line(before, shares.get(part - 1), at, shares.get(part), "path");
                }
                plot.point(at, shares.get(part), errors.get(part));
            }
            Html.figure(page, plot.svg("length of " + result.task().name()), result.task().name());
        }
    }

    /// What makes scores of other programs differ.
    private void documents(StringBuilder page) {
        page.append(
                        "<h2>Documents to look at</h2>\n"
                            + "<p>A near tie is a choice that wins by less than")
                .append(
                        " 0.001 by the metric that the profile goes by: rounding alone may turn"
                            + " it.</p>\n")
                .append("<div class=\"wide\"><table>");
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
        page.append("</table></div>\n");
    }

    private static String count(List<Answered> answers, Predicate<Answered> predicate) {
        return String.valueOf(answers.stream().filter(predicate).count());
    }

    private static boolean isNearTie(TaskResult result, Answered answered) {
        double[] scores =
                answered.answer()
                        .scores(
                                result.task().main(),
                                (Question.Choice) answered.document().question());
        Arrays.sort(scores);
        return scores.length > 1
                && scores[scores.length - 1] - scores[scores.length - 2] < NEAR_TIE;
    }

    private void run(StringBuilder page) {
        page.append("<h2>The run</h2>\n<table>\n");
        settings.forEach(
                (key, value) ->
                        page.append("<tr><td>")
                                .append(Html.escape(key))
                                .append("</td><td>")
                                .append(Html.escape(Text.shortened(value, 200)))
                                .append("</td></tr>\n"));
        page.append("</table>\n");
    }
}
