package mobilellm.app;

import mobilellm.Generation;
import mobilellm.GenerationBatch;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;
import mobilellm.checkpoint.Checkpoint;
import mobilellm.engine.PredictionScorer;
import mobilellm.evaluation.Evaluation;
import mobilellm.evaluation.Journal;
import mobilellm.evaluation.PairEncoder;
import mobilellm.evaluation.Presentation;
import mobilellm.evaluation.TaskResult;
import mobilellm.evaluation.task.DataFolder;
import mobilellm.evaluation.task.Document;
import mobilellm.evaluation.task.Task;
import mobilellm.kernel.Kernels;
import mobilellm.template.ChatTemplate;
import mobilellm.tokenizer.Tokenizer;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ObjIntConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Asks a model the questions of tasks, and tells the scores.
///
/// @param options of the command line
/// @param tasks in the order in which they are asked
record EvalRun(Context context, EvalVerb options, List<Task> tasks) {
    private static final int STREAMS = 32;
    private static final String STARTED = "started";
    private static final String JOURNAL = "journal";

    /// What the likelihood of given tokens depends on.
    private static final List<String> CONDITIONS =
            List.of(
                    "model_sha",
                    "program",
                    "commit",
                    "kernels",
                    "instructions",
                    "precision",
                    "kv",
                    "sharing",
                    "context");

    /// All documents of a task, and what examples are drawn from.
    private record Data(Task.Data asked, Task.Examples examples) {
        List<Document> all() {
            return asked.documents();
        }
    }

    void run() throws IOException, InterruptedException {
        DataFolder data =
                new DataFolder(
                        Objects.requireNonNull(options.data, "--data"),
                        !options.unchecked,
                        TableReaders.find());
        // What is wrong with the data is told before a model is loaded.
        Map<Task, Data> documents = new LinkedHashMap<>();
        for (Task task : tasks) {
            documents.put(task, read(task, data));
        }
        Models.Located located =
                new Models(context).locate(options.name(), options.model.download.yes);
        Presentation presentation = presentation(located.path());
        try (MobileLlm model =
                        ModelLoader.load(
                                context,
                                located,
                                options.model,
                                options.engine,
                                options.kernel.kernels);
                PredictionScorer scorer = model.scorer(options.batchRows)) {
            Map<String, String> settings = settings(model, located, documents);
            Optional<Path> folder =
                    options.out == null
                            ? Optional.empty()
                            : Optional.of(Files.createDirectories(folder(options.out, located)));
            try (Journal journal = journal(folder, settings)) {
                if (options.reuse != null) {
                    journal.reuse(
                            folder(options.reuse, located).resolve(JOURNAL), settings, CONDITIONS);
                }
                Evaluation evaluation =
                        new Evaluation(
                                new PairEncoder(
                                        model.tokenizer(),
                                        model.contextLength(),
                                        options.lenient,
                                        options.isBeginPredicted),
                                scorer,
                                (prompts, written) -> write(model, prompts, written),
                                journal);
                ask(evaluation, documents, presentation, folder, model, settings);
                journal.finish();
            }
        }
    }

    private Data read(Task task, DataFolder folder) throws IOException {
        Task.Data asked = task.load(folder);
        List<Document> all = asked.documents();
        if (options.examples == 0) {
            return new Data(asked, new Task.Examples(all, false, ""));
        }
        Task.Examples examples = task.examples(folder, all);
        if (examples.sha256().isEmpty()) {
            context.notes()
                    .note(
                            "%s: no file of the training split, so examples are drawn from the documents that are asked; lm-evaluation-harness draws others"
                                    .formatted(task.name()));
        }
        return new Data(asked, examples);
    }

    private void ask(
            Evaluation evaluation,
            Map<Task, Data> documents,
            Presentation presentation,
            Optional<Path> folder,
            MobileLlm model,
            Map<String, String> settings)
            throws IOException {
        Map<String, String> known = new LinkedHashMap<>(settings);
        known.putAll(evaluation.journal().settings());
        Map<Task, List<Document>> asked = new LinkedHashMap<>();
        documents.forEach(
                (task, data) -> {
                    List<Document> first =
                            data.all().subList(0, options.limit.of(data.all().size()));
                    asked.put(task, presentation.present(task, first, data.examples()));
                });
        asked.values().forEach(evaluation::check);
        Map<Task, Task.Data> read = new LinkedHashMap<>();
        documents.forEach((task, data) -> read.put(task, data.asked()));
        EvalResults results = new EvalResults(known, options, model, read);
        List<TaskResult> done = new ArrayList<>();
        for (Map.Entry<Task, List<Document>> entry : asked.entrySet()) {
            EvalProgress progress = new EvalProgress(context.notes(), entry.getKey().name());
            TaskResult result = evaluation.run(entry.getKey(), entry.getValue(), progress::show);
            progress.done(result);
            done.add(result);
            results.add(result);
            if (folder.isPresent()) {
                results.write(folder.get(), done);
            }
        }
        if (context.json()) {
            context.output().json(results.object(done));
        } else {
            EvalTable.print(context.output(), options, done);
        }
        folder.ifPresent(path -> context.notes().note("results are in " + path));
    }

    /// `<out>/<model>`, with the names that the harness gives.
    private static Path folder(Path out, Models.Located located) {
        return out.resolve(EvalResults.sanitized(located.name()));
    }

    private Journal journal(Optional<Path> folder, Map<String, String> settings)
            throws IOException {
        if (folder.isEmpty()) {
            return Journal.inMemory();
        }
        Path file = folder.get().resolve(JOURNAL);
        if (!options.resume && !options.force && Journal.isUnfinished(file)) {
            throw new FileAlreadyExistsException(
                    file.toString(),
                    null,
                    "has the scores of a run that was stopped; --resume goes on with it, --force"
                            + " begins again");
        }
        List<String> identity =
                settings.keySet().stream().filter(key -> !key.equals(STARTED)).toList();
        return Journal.open(file, settings, identity, options.resume);
    }

    /// All that the results depend on, and when the run began.
    private Map<String, String> settings(
            MobileLlm model, Models.Located located, Map<Task, Data> documents) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("model", located.name());
        settings.put("model_sha", model.identity());
        settings.put("program", Version.number());
        settings.put("commit", Version.identity());
        settings.put("bos", beginning(model.tokenizer()));
        settings.put("kernels", model.kernels());
        // Rounded activations are added up in another order by other instructions.
        settings.put("instructions", Kernels.of(model.kernels()).why());
        settings.put("precision", model.precision().word());
        settings.put("kv", options.engine.keyValueType);
        settings.put("sharing", SharingConverter.word(model.config().sharing()));
        settings.put("context", String.valueOf(model.contextLength()));
        settings.put("profile", options.profile.word());
        settings.put(
                "tasks",
                tasks.stream()
                        .map(task -> task.name() + "@" + task.version())
                        .collect(Collectors.joining(",")));
        settings.put(
                "data",
                documents.values().stream()
                        .map(one -> one.asked().sha256())
                        .distinct()
                        .collect(Collectors.joining(",")));
        settings.put("limit", options.limit.toString());
        settings.put("num_fewshot", String.valueOf(options.examples));
        settings.put(
                "training_data",
                documents.values().stream()
                        .map(one -> one.examples().sha256())
                        .filter(sum -> !sum.isEmpty())
                        .collect(Collectors.joining(",")));
        settings.put("chat_template", String.valueOf(options.chat));
        settings.put("system_instruction", options.system);
        settings.put("lenient", String.valueOf(options.lenient));
        settings.put("rolling_bos", options.isBeginPredicted ? "twice" : "once");
        settings.put(STARTED, LocalDateTime.now(ZoneId.systemDefault()).toString());
        return settings;
    }

    /// The token that stands before each context, which changes scores more than most options do.
    private static String beginning(Tokenizer tokenizer) {
        return tokenizer.addBos() && tokenizer.bos().isPresent()
                ? String.valueOf(tokenizer.bos().getAsInt())
                : "none";
    }

    private Presentation presentation(Path path) throws IOException {
        if (!options.chat) {
            return new Presentation(options.examples, options.system, Optional.empty());
        }
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            String source =
                    checkpoint
                            .chatTemplate()
                            .orElseThrow(() -> new IOException(path + " has no chat template"));
            ChatTemplate template = ChatTemplate.parse(source);
            Map<String, Object> variables = SpecialTokens.variables(checkpoint);
            return new Presentation(
                    options.examples,
                    options.system,
                    Optional.of((system, user) -> rendered(template, variables, system, user)));
        }
    }

    private static String rendered(
            ChatTemplate template, Map<String, Object> variables, String system, String user) {
        List<Map<String, Object>> messages = new ArrayList<>();
        if (!system.isEmpty()) {
            messages.add(Map.of("role", "system", "content", system));
        }
        messages.add(Map.of("role", "user", "content", user));
        Map<String, Object> all = new HashMap<>(variables);
        all.put("messages", messages);
        all.put("add_generation_prompt", true);
        return template.render(all);
    }

    /// Continues prompts, the longest first: so none is left that goes on long after all others.
    private static void write(
            MobileLlm model, List<Evaluation.Prompt> prompts, ObjIntConsumer<String> written) {
        Deque<Integer> waiting =
                IntStream.range(0, prompts.size())
                        .boxed()
                        .sorted(Comparator.comparingInt(index -> -prompts.get(index).ids().length))
                        .collect(Collectors.toCollection(ArrayDeque::new));
        Map<Generation, Integer> running = new HashMap<>();
        try (GenerationBatch batch = model.batch(Math.min(STREAMS, prompts.size()))) {
            while (!waiting.isEmpty() || !batch.isEmpty()) {
                while (!waiting.isEmpty() && batch.hasRoom()) {
                    int index = waiting.remove();
                    Evaluation.Prompt prompt = prompts.get(index);
                    GenerationOptions greedy =
                            GenerationOptions.greedy().toBuilder()
                                    .maxTokens(prompt.maxTokens())
                                    .stop(prompt.stops())
                                    .build();
                    running.put(batch.add(prompt.ids(), greedy), index);
                }
                for (Generation ended : batch.step()) {
                    written.accept(
                            ended.text(),
                            Objects.requireNonNull(running.remove(ended), "its index"));
                }
            }
        }
    }
}
