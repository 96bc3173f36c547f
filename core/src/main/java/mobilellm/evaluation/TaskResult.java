package mobilellm.evaluation;

import mobilellm.evaluation.Measurement.Sample;
import mobilellm.evaluation.task.Document;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Task;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/// What a run found out about a task.
///
/// @param answers in the order of the documents
/// @param measurements in the order of the task's metrics
public record TaskResult(Task task, List<Answered> answers, List<Measurement> measurements) {
    /// A document and what the model said to its question.
    ///
    /// @param document with the question as the model read it
    /// @param contextLength ids that stood before the answer, before anything was cut
    /// @param isCut whether the beginning of the context was cut because the model cannot read all of it
    /// @param isRepaired whether a continuation was encoded alone
    public record Answered(
            Document document,
            Answer answer,
            Map<Metric, Sample> samples,
            int contextLength,
            boolean isCut,
            boolean isRepaired) {

        /// What the document contributes to a metric of its task.
        public double value(Metric metric) {
            return sample(metric).value();
        }

        Sample sample(Metric metric) {
            return Objects.requireNonNull(samples.get(metric), metric.word());
        }
    }

    static TaskResult of(Task task, List<Answered> answers) {
        return new TaskResult(
                task,
                answers,
                task.metrics().stream()
                        .map(
                                metric ->
                                        Measurement.of(
                                                metric,
                                                answers.stream()
                                                        .map(one -> one.sample(metric))
                                                        .toList()))
                        .toList());
    }

    /// The metric that the profile goes by.
    public Measurement main() {
        return measurements.get(task.metrics().indexOf(task.main()));
    }
}
