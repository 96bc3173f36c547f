package mobilellm.judge;

import mobilellm.evaluation.Measurement;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// What a judge says of one answer, or of two.
///
/// @param texts what it says, one for each wording of the task
public record Judgement(JudgeTask task, List<String> texts) {
    private static final List<Pattern> RATINGS =
            List.of(
                    Pattern.compile("\\[\\[(\\d+\\.?\\d*)\\]\\]"),
                    Pattern.compile("\\[(\\d+\\.?\\d*)\\]"));

    /// The value of an answer: a rating; in a comparison 1 if it is better than the baseline's, 0 if it is worse, 0.5 if
    /// neither is or the orders disagree. Empty where the judge gave none.
    public OptionalDouble value() {
        if (texts.size() == 1) {
            return rating(texts.getFirst());
        }
        OptionalDouble first = verdict(0);
        OptionalDouble swapped = verdict(1);
        if (first.isEmpty() || swapped.isEmpty()) {
            return OptionalDouble.empty();
        }
        return first.equals(swapped) ? first : OptionalDouble.of(0.5);
    }

    private static OptionalDouble rating(String text) {
        for (Pattern form : RATINGS) {
            Matcher rating = form.matcher(text);
            if (rating.find()) {
                return OptionalDouble.of(Double.parseDouble(rating.group(1)));
            }
        }
        return OptionalDouble.empty();
    }

    /// What one order says: 1 for the answer, 0 for the baseline's, 0.5 for a tie.
    ///
    /// @param order 0, or 1 for the swapped one
    public OptionalDouble verdict(int order) {
        String text = texts.get(order);
        // Of several the one counts that FastChat looks for first.
        if (text.contains("[[A]]")) {
            return OptionalDouble.of(order == 0 ? 1 : 0);
        }
        if (text.contains("[[B]]")) {
            return OptionalDouble.of(order == 0 ? 0 : 1);
        }
        return text.contains("[[C]]") ? OptionalDouble.of(0.5) : OptionalDouble.empty();
    }

    /// The mean of some judgements.
    ///
    /// @param judged questions with a value
    /// @param dropped judgements without one
    /// @param error standard error of the mean over questions; a question's turns are one observation
    public record Score(
            String name, int judged, int dropped, OptionalDouble value, OptionalDouble error) {}

    /// Scores of each turn, of both, and of each category; one of all where there is one turn and no category.
    public static List<Score> scores(List<Judgement> judgements) {
        List<Score> scores = new ArrayList<>();
        int turns = judgements.stream().mapToInt(one -> one.task.turn()).max().orElse(0);
        if (turns > 1) {
            IntStream.rangeClosed(1, turns)
                    .forEach(
                            turn ->
                                    scores.add(
                                            score(
                                                    "turn " + turn,
                                                    judgements,
                                                    one -> one.task.turn() == turn)));
        }
        scores.add(score("all", judgements, one -> true));
        List<String> categories =
                judgements.stream().map(one -> one.task.question().category()).distinct().toList();
        if (categories.size() > 1) {
            for (String category : categories) {
                scores.add(
                        score(
                                category,
                                judgements,
                                one -> one.task.question().category().equals(category)));
            }
        }
        return scores;
    }

    private static Score score(String name, List<Judgement> all, Predicate<Judgement> which) {
        Map<String, List<Double>> values = new LinkedHashMap<>();
        int dropped = 0;
        for (Judgement one : all.stream().filter(which).toList()) {
            OptionalDouble value = one.value();
            if (value.isPresent()) {
                values.computeIfAbsent(one.task.question().id(), id -> new ArrayList<>())
                        .add(value.getAsDouble());
            } else {
                dropped++;
            }
        }
        double[] means = values.values().stream().mapToDouble(Judgement::mean).toArray();
        double[] every =
                values.values().stream().flatMap(List::stream).mapToDouble(x -> x).toArray();
        return new Score(
                name,
                means.length,
                dropped,
                IntStream.range(0, every.length).mapToDouble(i -> every[i]).average(),
                means.length < 2
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(
                                Measurement.deviation(means) / Math.sqrt(means.length)));
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(x -> x).average().orElseThrow();
    }
}
