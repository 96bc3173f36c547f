package mobilellm.app;

import mobilellm.ChatMessage;
import mobilellm.Generation;
import mobilellm.GenerationBatch;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;
import mobilellm.engine.ContextLengthException;
import mobilellm.evaluation.Journal;
import mobilellm.file.OutputFile;
import mobilellm.file.Sha256;
import mobilellm.judge.ChatAnswer;
import mobilellm.judge.ChatFormat;
import mobilellm.judge.ChatQuestion;
import mobilellm.kernel.Kernels;
import mobilellm.sampling.SamplingOptions;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Answers the questions of a chat benchmark, several at a time. An answer has a seed of its own, so it depends neither on
/// the others nor on whether the run was stopped in between.
record AnswerRun(Context context, AnswerVerb options) {
    private static final String STARTED = "started";
    private static final String SEED = "seed";

    /// A turn of a question.
    private record Turn(int question, int turn) {
        String key() {
            return question + "." + turn;
        }
    }

    void run() throws IOException, InterruptedException {
        ChatFormat format = ChatFormat.of(options.questions);
        List<ChatQuestion> all = format.questions(options.questions);
        List<ChatQuestion> questions = all.subList(0, options.limit.of(all.size()));
        // What is in the way of the file is told before an hour's work.
        OutputFile.create(options.out, options.force, options.questions).close();
        Path file = options.out.resolveSibling(options.out.getFileName() + ".journal");
        if (Files.exists(file) && !options.resume && !options.force) {
            throw new FileAlreadyExistsException(
                    file.toString(),
                    null,
                    "has the answers of a run that was stopped; --resume goes on with it");
        }
        if (options.resume && options.engine.seed == null && Files.exists(file)) {
            // The one that was drawn and told when the run began.
            String seed = Journal.settings(file).get(SEED);
            options.engine.seed = seed == null ? null : Long.valueOf(seed);
        }
        Models.Located located =
                new Models(context).locate(options.name, options.model.download.yes);
        try (MobileLlm model =
                        ModelLoader.load(
                                context,
                                located,
                                options.model,
                                options.engine,
                                options.kernel.kernels);
                Journal journal = journal(file, settings(model, located))) {
            answer(model, questions, journal);
            write(format, questions, journal, located.name());
        }
        Files.delete(file);
    }

    private Journal journal(Path file, Map<String, String> settings) throws IOException {
        List<String> identity =
                settings.keySet().stream().filter(key -> !key.equals(STARTED)).toList();
        return Journal.open(file, settings, identity, options.resume);
    }

    /// All that the answers depend on, and when they were begun.
    private Map<String, String> settings(MobileLlm model, Models.Located located)
            throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("model", located.name());
        settings.put("model_sha", model.identity());
        settings.put("program", Version.number());
        settings.put("commit", Version.identity());
        settings.put("kernels", model.kernels());
        // Rounded activations are added up in another order by other instructions.
        settings.put("instructions", Kernels.of(model.kernels()).why());
        settings.put("precision", model.precision().word());
        settings.put("kv", options.engine.keyValueType);
        settings.put("sharing", SharingConverter.word(model.config().sharing()));
        settings.put("context", String.valueOf(model.contextLength()));
        settings.put("questions", Sha256.of(Files.readAllBytes(options.questions)));
        settings.put("limit", options.limit.toString());
        settings.put("max_tokens", String.valueOf(options.maxTokens));
        settings.put("temperature", String.valueOf(options.temperature));
        settings.put(SEED, String.valueOf(options.engine.seed(context.notes())));
        settings.put(STARTED, String.valueOf(System.currentTimeMillis()));
        return settings;
    }

    private void answer(MobileLlm model, List<ChatQuestion> questions, Journal journal) {
        Deque<Turn> waiting = new ArrayDeque<>();
        for (int i = 0; i < questions.size(); i++) {
            int next = 0;
            while (journal.text(new Turn(i, next).key()).isPresent()) {
                next++;
            }
            if (next < questions.get(i).turns().size()) {
                waiting.add(new Turn(i, next));
            }
        }
        long total = questions.stream().mapToLong(one -> one.turns().size()).sum();
        ProgressLine progress = new ProgressLine(context.notes());
        Map<Generation, Turn> running = new HashMap<>();
        try (GenerationBatch batch = model.batch(options.streams)) {
            while (!waiting.isEmpty() || !batch.isEmpty()) {
                while (!waiting.isEmpty() && batch.hasRoom()) {
                    Turn turn = waiting.remove();
                    try {
                        int[] prompt = model.ids(messages(questions, journal, turn));
                        running.put(batch.add(prompt, sampling(questions, turn)), turn);
                    } catch (ContextLengthException e) {
                        context.notes()
                                .note(
                                        "%s, turn %d, has no answer: %s"
                                                .formatted(
                                                        Text.shortened(
                                                                questions.get(turn.question()).id(),
                                                                60),
                                                        turn.turn() + 1,
                                                        e.getMessage()));
                        take(questions, journal, waiting, turn, "");
                    }
                }
                for (Generation ended : batch.step()) {
                    Turn turn = Objects.requireNonNull(running.remove(ended), "its turn");
                    take(questions, journal, waiting, turn, ended.text());
                    progress.show(
                            journal.size(),
                            total,
                            left ->
                                    "%d of %d answers, %.0f s left"
                                            .formatted(journal.size(), total, left));
                }
            }
        }
        context.notes().clearTransientLine();
    }

    /// Remembers an answer; the next turn of its question goes before all that wait.
    private static void take(
            List<ChatQuestion> questions,
            Journal journal,
            Deque<Turn> waiting,
            Turn turn,
            String text) {
        journal.add(turn.key(), text.strip());
        if (turn.turn() + 1 < questions.get(turn.question()).turns().size()) {
            waiting.addFirst(new Turn(turn.question(), turn.turn() + 1));
        }
    }

    /// The conversation so far, with the model's own answers in it.
    private static List<ChatMessage> messages(
            List<ChatQuestion> questions, Journal journal, Turn asked) {
        List<ChatMessage> messages = new ArrayList<>();
        for (int turn = 0; turn <= asked.turn(); turn++) {
            messages.add(ChatMessage.user(questions.get(asked.question()).turns().get(turn)));
            if (turn < asked.turn()) {
                String key = new Turn(asked.question(), turn).key();
                messages.add(ChatMessage.assistant(journal.text(key).orElseThrow()));
            }
        }
        return messages;
    }

    /// As FastChat samples: by temperature alone, among the 50 most probable tokens.
    private GenerationOptions sampling(List<ChatQuestion> questions, Turn turn) {
        double temperature =
                options.temperature == null
                        ? questions.get(turn.question()).temperature()
                        : options.temperature;
        SamplingOptions sampling =
                temperature == 0
                        ? SamplingOptions.greedy()
                        : SamplingOptions.builder()
                                .temperature(temperature)
                                .topK(50)
                                .topP(1)
                                .minP(0)
                                .seed(
                                        options.engine.seed(context.notes())
                                                + 1000L * turn.question()
                                                + turn.turn())
                                .build();
        return GenerationOptions.builder().maxTokens(options.maxTokens).sampling(sampling).build();
    }

    private void write(
            ChatFormat format, List<ChatQuestion> questions, Journal journal, String model)
            throws IOException {
        List<ChatAnswer> answers = new ArrayList<>();
        for (int i = 0; i < questions.size(); i++) {
            List<String> texts = new ArrayList<>();
            for (int turn = 0; turn < questions.get(i).turns().size(); turn++) {
                texts.add(journal.text(new Turn(i, turn).key()).orElseThrow());
            }
            answers.add(new ChatAnswer(questions.get(i).id(), model, texts));
        }
        double started = Long.parseLong(journal.settings().getOrDefault(STARTED, "0")) / 1000.0;
        String text = format.text(questions, answers, started);
        try (OutputFile file = OutputFile.create(options.out, options.force)) {
            file.write(text);
            OutputFile.Written written = file.commit();
            if (context.json()) {
                Map<String, Object> json = WrittenJson.of(written);
                json.put("questions", questions.size());
                json.put("answers", journal.size());
                context.output().json(json);
            } else {
                context.output()
                        .line(
                                "%s: %d answers to %d questions"
                                        .formatted(options.out, journal.size(), questions.size()));
            }
        }
    }
}
