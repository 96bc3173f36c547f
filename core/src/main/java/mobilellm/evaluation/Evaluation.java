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

    /// What is to be predicted or written for a document.
    ///
    /// @param keys of all windows of a text, else of one prediction or prompt
    private record Request(
            List<String> keys, int contextLength, boolean isCut, boolean isRepaired) {}

    /// All that is asked, each once.
    private record Asked(Map<String, Prediction> predictions, Map<String, Prompt> prompts) {
        Asked() {
            this(new LinkedHashMap<>(), new LinkedHashMap<>());
        }

        String add(Prediction prediction) {
            String key = RequestKey.of(prediction);
            predictions.put(key, prediction);
            return key;
        }

        String add(Prompt prompt) {
            String key = RequestKey.of(prompt);
            prompts.put(key, prompt);
            return key;
        }
    }

    /// Finds out whether all documents can be asked, without asking any: before hours are spent on other tasks.
    ///
    /// @throws IllegalArgumentException as [#run]
    public void check(List<Document> documents) {
        for (Document document : documents) {
            requests(document, new Asked());
        }
    }

    /// Asks all documents.
    ///
    /// @throws IllegalArgumentException naming the document that cannot be asked: its continuation vanishes, or does not fit
    /// @throws ArithmeticException if the model's logits are no numbers
    public TaskResult run(Task task, List<Document> documents, Listener listener) {
        Asked asked = new Asked();
        List<List<Request>> requests =
                documents.stream().map(document -> requests(document, asked)).toList();
        score(asked.predictions, listener);
        write(asked.prompts, listener);
        List<Answered> answers = new ArrayList<>();
        for (int i = 0; i < documents.size(); i++) {
            answers.add(answered(task, documents.get(i), requests.get(i)));
        }
        return TaskResult.of(task, answers);
    }

    private List<Request> requests(Document document, Asked asked) {
        try {
            return switch (document.question()) {
                case Question.Page page -> List.of(whole(page, asked));
                case Question.Open open -> List.of(prompt(open, asked));
                default ->
                        document.question().pairs().stream()
                                .map(pair -> predicted(pair, asked))
                                .toList();
            };
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(document.place() + ": " + e.getMessage(), e);
        }
    }

    private Request predicted(Pair pair, Asked asked) {
        PairEncoder.Encoded encoded = encoder.encode(pair);
        return new Request(
                List.of(asked.add(encoded.prediction())),
                encoded.contextLength(),
                encoded.isCut(),
                encoded.isRepaired());
    }

    private Request whole(Question.Page page, Asked asked) {
        List<String> windows = encoder.encodeWhole(page.text()).stream().map(asked::add).toList();
        return new Request(windows, 0, false, false);
    }

    private Request prompt(Question.Open open, Asked asked) {
        int room = scorer.contextLength() - open.maxTokens();
        if (room < 1) {
            throw new IllegalArgumentException(
                    "up to %d tokens are written, which leaves no room for the question in a context of %d"
                            .formatted(open.maxTokens(), scorer.contextLength()));
        }
        PairEncoder.EncodedPrompt encoded = encoder.encodePrompt(open.prompt(), room);
        Prompt prompt = new Prompt(encoded.ids(), open.stops(), open.maxTokens());
        return new Request(
                List.of(asked.add(prompt)), encoded.contextLength(), encoded.isCut(), false);
    }

    private void score(Map<String, Prediction> predictions, Listener listener) {
        journal.takeOver(predictions.keySet());
        List<String> missing =
                predictions.keySet().stream()
                        .filter(key -> journal.likelihood(key).isEmpty())
                        .toList();
        if (!missing.isEmpty()) {
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
    }

    private void write(Map<String, Prompt> prompts, Listener listener) {
        journal.takeOver(prompts.keySet());
        List<String> missing =
                prompts.keySet().stream().filter(key -> journal.text(key).isEmpty()).toList();
        if (!missing.isEmpty()) {
            int[] done = new int[1];
            writer.write(
                    missing.stream().map(prompts::get).toList(),
                    (text, index) -> {
                        journal.add(missing.get(index), text);
                        listener.onProgress(++done[0], missing.size());
                    });
        }
    }

    private Answered answered(Task task, Document document, List<Request> requests) {
        Answer answer =
                document.question() instanceof Question.Open
                        ? new Answer.Written(
                                journal.text(requests.getFirst().keys().getFirst()).orElseThrow())
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
