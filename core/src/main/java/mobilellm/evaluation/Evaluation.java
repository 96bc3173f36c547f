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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjIntConsumer;

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
    ///
    /// @param keys of all windows of a text
    private record Request(
            List<String> keys, int contextLength, boolean isCut, boolean isRepaired) {}

    /// Asks all documents.
    ///
    /// @throws IllegalArgumentException naming the document that cannot be asked: its continuation vanishes, or does not fit
    /// @throws ArithmeticException if the model's logits are no numbers
    public TaskResult run(Task task, List<Document> documents, Listener listener) {
        Map<String, Prediction> predictions = new LinkedHashMap<>();
        List<List<Request>> requests = new ArrayList<>();
        Map<String, Prompt> prompts = new LinkedHashMap<>();
        List<String> written = new ArrayList<>();
        for (Document document : documents) {
            try {
                requests.add(requests(document, predictions));
                written.add(prompt(document, prompts));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(document.place() + ": " + e.getMessage(), e);
            }
        }
        score(predictions, listener);
        write(prompts, listener);
        List<Answered> answers = new ArrayList<>();
        for (int i = 0; i < documents.size(); i++) {
            answers.add(answered(task, documents.get(i), written.get(i), requests.get(i)));
        }
        return TaskResult.of(task, answers);
    }

    private List<Request> requests(Document document, Map<String, Prediction> predictions) {
        List<Request> requests = new ArrayList<>();
        for (Pair pair : document.question().pairs()) {
            PairEncoder.Encoded encoded = encoder.encode(pair);
            requests.add(
                    new Request(
                            List.of(add(encoded.prediction(), predictions)),
                            encoded.contextLength(),
                            encoded.isCut(),
                            encoded.isRepaired()));
        }
        if (document.question() instanceof Question.Page page) {
            List<String> windows = new ArrayList<>();
            for (Prediction window : encoder.encodeWhole(page.text())) {
                windows.add(add(window, predictions));
            }
            requests.add(new Request(windows, 0, false, false));
        }
        return requests;
    }

    private static String add(Prediction prediction, Map<String, Prediction> predictions) {
        String key = RequestKey.of(prediction);
        predictions.put(key, prediction);
        return key;
    }

    /// @return the key of the document's prompt, or nothing if it has none
    private String prompt(Document document, Map<String, Prompt> prompts) {
        if (!(document.question() instanceof Question.Open open)) {
            return "";
        }
        int room = scorer.contextLength() - open.maxTokens();
        if (room < 1) {
            throw new IllegalArgumentException(
                    "up to %d tokens are written, which leaves no room for the question in a context of %d"
                            .formatted(open.maxTokens(), scorer.contextLength()));
        }
        Prompt prompt =
                new Prompt(
                        encoder.encodePrompt(open.prompt(), room), open.stops(), open.maxTokens());
        String key = RequestKey.of(prompt);
        prompts.put(key, prompt);
        return key;
    }

    private void score(Map<String, Prediction> predictions, Listener listener) {
        List<String> missing =
                predictions.keySet().stream()
                        .filter(key -> journal.likelihood(key).isEmpty())
                        .toList();
        scorer.score(
                missing.stream().map(predictions::get).toList(),
                new LikelihoodListener() {
                    @Override
                    public void onLikelihood(int index, Likelihood likelihood) {
                        journal.add(missing.get(index), likelihood);
                    }

                    @Override
                    public void onProgress(long done, long total) {
                        listener.onProgress(done, total);
                    }
                });
    }

    private void write(Map<String, Prompt> prompts, Listener listener) {
        List<String> missing =
                prompts.keySet().stream().filter(key -> journal.text(key).isEmpty()).toList();
        int[] done = new int[1];
        if (!missing.isEmpty()) {
            writer.write(
                    missing.stream().map(prompts::get).toList(),
                    (text, index) -> {
                        journal.add(missing.get(index), text);
                        listener.onProgress(++done[0], missing.size());
                    });
        }
    }

    private Answered answered(
            Task task, Document document, String written, List<Request> requests) {
        Answer answer =
                document.question() instanceof Question.Open
                        ? new Answer.Written(journal.text(written).orElseThrow())
                        : new Answer.Likelihoods(requests.stream().map(this::likelihood).toList());
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
    private Likelihood likelihood(Request request) {
        double sum = 0;
        boolean isGreedy = true;
        for (String key : request.keys()) {
            Likelihood one = journal.likelihood(key).orElseThrow();
            sum += one.logLikelihood();
            isGreedy &= one.isGreedy();
        }
        return new Likelihood(sum, isGreedy);
    }
}
