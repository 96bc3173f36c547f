package mobilellm.evaluation;

import mobilellm.engine.Likelihood;
import mobilellm.evaluation.Measurement.Sample;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Question;
import mobilellm.evaluation.task.Question.Choice;
import mobilellm.evaluation.task.Question.Cloze;
import mobilellm.evaluation.task.Question.Open;
import mobilellm.evaluation.task.Question.Page;
import mobilellm.template.PythonText;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;

/// What a model says to a question.
public sealed interface Answer {
    /// How likely each of the texts is.
    ///
    /// @param likelihoods one for each of the question's pairs, or one of a whole text
    record Likelihoods(List<Likelihood> likelihoods) implements Answer {}

    /// What the model wrote.
    ///
    /// @param text as the model wrote it, up to where it was to stop
    record Written(String text) implements Answer {}

    /// What the answer contributes to a metric.
    ///
    /// @throws IllegalArgumentException if the metric does not suit the question
    default Sample sample(Metric metric, Question question) {
        return switch (this) {
            case Likelihoods(List<Likelihood> likelihoods) ->
                    switch (question) {
                        case Choice choice -> right(best(metric, choice) == choice.gold());
                        case Cloze _ ->
                                metric == Metric.GREEDY
                                        ? right(likelihoods.getFirst().isGreedy())
                                        : new Sample(likelihoods.getFirst().logLikelihood(), 1);
                        case Page page ->
                                new Sample(
                                        likelihoods.getFirst().logLikelihood(),
                                        metric == Metric.WORD_PERPLEXITY
                                                ? page.words()
                                                : page.bytes());
                        case Open _ -> throw unsuitable(metric);
                    };
            case Written(String text) -> {
                if (!(question instanceof Open open)) {
                    throw unsuitable(metric);
                }
                UnaryOperator<String> plain =
                        metric == Metric.LOOSE_MATCH ? Normalised::loose : Normalised::plain;
                String given = plain.apply(PythonText.strip(text));
                yield right(open.accepted().stream().map(plain).anyMatch(given::equals));
            }
        };
    }

    private static IllegalArgumentException unsuitable(Metric metric) {
        return new IllegalArgumentException(
                metric.word() + " is no metric for this kind of question");
    }

    private static Sample right(boolean isRight) {
        return new Sample(isRight ? 1 : 0, 1);
    }

    /// The index of the best choice, the first of several.
    default int best(Metric metric, Choice choice) {
        double[] scores = scores(metric, choice);
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            best = scores[i] > scores[best] ? i : best;
        }
        return best;
    }

    /// By how many nats the log-likelihood of the best choice could fall before another won.
    default double margin(Metric metric, Choice choice) {
        double[] scores = scores(metric, choice);
        int best = best(metric, choice);
        double second = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < scores.length; i++) {
            second = i == best ? second : Math.max(second, scores[i]);
        }
        String text = choice.choices().get(best);
        int length =
                switch (metric) {
                    case ACC_NORM -> PythonText.length(text);
                    case ACC_BYTES -> text.getBytes(StandardCharsets.UTF_8).length;
                    default -> 1;
                };
        return (scores[best] - second) * length;
    }

    /// What choices are compared by: the log-likelihood, for each unit or relative to the baseline.
    default double[] scores(Metric metric, Choice choice) {
        if (!(this instanceof Likelihoods(List<Likelihood> likelihoods))) {
            throw unsuitable(metric);
        }
        int count = choice.choices().size();
        double[] scores = new double[count];
        for (int i = 0; i < count; i++) {
            String text = choice.choices().get(i);
            double sum = likelihoods.get(i).logLikelihood();
            scores[i] =
                    switch (metric) {
                        case ACC -> sum;
                        case ACC_NORM -> sum / PythonText.length(text);
                        case ACC_BYTES -> sum / text.getBytes(StandardCharsets.UTF_8).length;
                        case ACC_OVER_PROMPT -> sum - likelihoods.get(count + i).logLikelihood();
                        default -> throw unsuitable(metric);
                    };
        }
        return scores;
    }
}
