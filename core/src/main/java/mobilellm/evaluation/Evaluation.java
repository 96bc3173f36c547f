package mobilellm.evaluation;

import mobilellm.engine.Likelihood;
import mobilellm.engine.LikelihoodListener;
import mobilellm.engine.Prediction;
import mobilellm.engine.PredictionScorer;
import mobilellm.evaluation.Measurement.Sample;
import mobilellm.evaluation.TaskResult.Answered;
import mobilellm.evaluation.task.Document;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Pair;
import mobilellm.evaluation.task.Question;
import mobilellm.evaluation.task.Task;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;

/// Puts the questions of tasks to a model.
///
/// @param encoder turns questions into ids
/// @param scorer computes likelihoods
/// @param writer continues prompts
/// @param journal knows what was computed before, and is told what is computed
public record Evaluation(
        PairEncoder encoder, PredictionScorer scorer, Writer writer, Journal journal) {

    /// Continues prompts, each with the most likely token at every step.
    @FunctionalInterface
    public interface Writer {
        /// Continues all prompts.
        ///
        /// @param prompts in the order of the questions
        /// @param written is told the text that continues a prompt, and the prompt's place in the list
        void write(List<Prompt> prompts, ObjIntConsumer<String> written);
    }

    /// A text to continue.
    ///
    /// @param stops texts that end a continuation
    @SuppressWarnings("ArrayRecordComponent") // Handed on once, compared by nobody.
    public record Prompt(int[] ids, List<String> stops, int maxTokens) {}

    /// Hears how far a task is.
    @FunctionalInterface
    public interface Listener {
        /// Called after each step.
        ///
        /// @param done units of work, of any kind
        void onProgress(long done, long total);
    }

    /// What is to be predicted for a document.
    private record Request(
            int first, int count, int contextLength, boolean isCut, boolean isRepaired) {}

    /// Asks all documents.
    ///
    /// @throws IllegalArgumentException naming the document that cannot be asked: its continuation vanishes, or does not fit
    /// @throws ArithmeticException if the model's logits are no numbers
    public TaskResult run(Task task, List<Document> documents, Listener listener) {
        List<Prediction> predictions = new ArrayList<>();
        List<List<Request>> requests = new ArrayList<>();
        for (Document document : documents) {
            requests.add(requests(document, predictions));
        }
        score(task, predictions, listener);
        write(task, documents, listener);
        List<Answered> answers = new ArrayList<>();
        for (int i = 0; i < documents.size(); i++) {
            answers.add(answered(task, documents.get(i), i, requests.get(i)));
        }
        return TaskResult.of(task, answers);
    }

    private List<Request> requests(Document document, List<Prediction> predictions) {
        List<Request> requests = new ArrayList<>();
        try {
            for (Pair pair : document.question().pairs()) {
                PairEncoder.Encoded encoded = encoder.encode(pair);
                requests.add(
                        new Request(
                                predictions.size(),
                                1,
                                encoded.contextLength(),
                                encoded.isCut(),
                                encoded.isRepaired()));
                predictions.add(encoded.prediction());
            }
            if (document.question() instanceof Question.Page page) {
                List<Prediction> windows = encoder.encodeWhole(page.text());
                requests.add(new Request(predictions.size(), windows.size(), 0, false, false));
                predictions.addAll(windows);
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(document.place() + ": " + e.getMessage(), e);
        }
        return requests;
    }

    private void score(Task task, List<Prediction> predictions, Listener listener) {
        Map<Integer, Likelihood> known = journal.likelihoods(task.name());
        int[] missing =
                IntStream.range(0, predictions.size()).filter(i -> !known.containsKey(i)).toArray();
        scorer.score(
                IntStream.of(missing).mapToObj(predictions::get).toList(),
                new LikelihoodListener() {
                    @Override
                    public void onLikelihood(int index, Likelihood likelihood) {
                        journal.add(task.name(), missing[index], likelihood);
                    }

                    @Override
                    public void onProgress(long done, long total) {
                        listener.onProgress(done, total);
                    }
                });
    }

    private void write(Task task, List<Document> documents, Listener listener) {
        Map<Integer, String> known = journal.texts(task.name());
        List<Prompt> prompts = new ArrayList<>();
        List<Integer> indices = new ArrayList<>();
        for (int i = 0; i < documents.size(); i++) {
            if (documents.get(i).question() instanceof Question.Open open
                    && !known.containsKey(i)) {
                int room = scorer.contextLength() - open.maxTokens();
                if (room < 1) {
                    throw new IllegalArgumentException(
                            "%s: up to %d tokens are written, which leaves no room for the question in a context of %d"
                                    .formatted(
                                            documents.get(i).place(),
                                            open.maxTokens(),
                                            scorer.contextLength()));
                }
                prompts.add(
                        new Prompt(
                                encoder.encodePrompt(open.prompt(), room),
                                open.stops(),
                                open.maxTokens()));
                indices.add(i);
            }
        }
        int[] done = new int[1];
        if (!prompts.isEmpty()) {
            writer.write(
                    prompts,
                    (text, index) -> {
                        journal.add(task.name(), indices.get(index), text);
                        listener.onProgress(++done[0], prompts.size());
                    });
        }
    }

    private Answered answered(Task task, Document document, int index, List<Request> requests) {
        Answer answer =
                document.question() instanceof Question.Open
                        ? new Answer.Written(journal.texts(task.name()).getOrDefault(index, ""))
                        : new Answer.Likelihoods(
                                requests.stream().map(one -> likelihood(task, one)).toList());
        Map<Metric, Sample> samples = new EnumMap<>(Metric.class);
        for (Metric metric : task.metrics()) {
            samples.put(metric, answer.sample(metric, document.question()));
        }
        return new Answered(
                document,
                answer,
                samples,
                requests.stream().mapToInt(Request::contextLength).max().orElse(0),
                requests.stream().anyMatch(Request::isCut),
                requests.stream().anyMatch(Request::isRepaired));
    }

    /// Of all windows of a text together.
    private Likelihood likelihood(Task task, Request request) {
        Map<Integer, Likelihood> known = journal.likelihoods(task.name());
        double sum = 0;
        boolean isGreedy = true;
        for (int i = request.first(); i < request.first() + request.count(); i++) {
            Likelihood one = known.get(i);
            if (one == null) {
                throw new IllegalStateException("prediction " + i + " was not scored");
            }
            sum += one.logLikelihood();
            isGreedy &= one.isGreedy();
        }
        return new Likelihood(sum, isGreedy);
    }
}
