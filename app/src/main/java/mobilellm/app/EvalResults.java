package mobilellm.app;

import mobilellm.MobileLlm;
import mobilellm.engine.Likelihood;
import mobilellm.evaluation.Answer;
import mobilellm.evaluation.Measurement;
import mobilellm.evaluation.TaskResult;
import mobilellm.evaluation.TaskResult.Answered;
import mobilellm.evaluation.task.DataFile;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Pair;
import mobilellm.evaluation.task.Profile;
import mobilellm.evaluation.task.Question;
import mobilellm.evaluation.task.Task;
import mobilellm.file.OutputFile;
import mobilellm.file.Sha256;
import mobilellm.template.PythonText;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.DoubleStream;

/// Results in the form of lm-evaluation-harness, so that its viewers read them. Nothing in them depends on how long a run
/// took or whether it was resumed; maps keep their order, which those of `Map.of` do not from one process to the next.
final class EvalResults {
    private final Map<String, String> settings;
    private final EvalVerb options;
    private final MobileLlm model;
    private final LocalDateTime started;
    private final Map<Task, Task.Data> documents;
    private final Map<String, String> hashes = new LinkedHashMap<>();

    /// @param settings of the run, its start among them
    /// @param documents all of each task, asked or not
    EvalResults(
            Map<String, String> settings,
            EvalVerb options,
            MobileLlm model,
            Map<Task, Task.Data> documents) {
        this.settings = settings;
        this.documents = documents;
        this.options = options;
        this.model = model;
        started = LocalDateTime.parse(settings.getOrDefault("started", ""));
    }

    /// What file names are made of.
    static String sanitized(String name) {
        return name.replaceAll("[\"<>:/|\\\\?*\\[\\]]+", "__");
    }

    private String date() {
        return started.toString().replace(':', '-');
    }

    /// Takes up a task's result.
    void add(TaskResult result) {
        MessageDigest hash = Sha256.start();
        for (int i = 0; i < result.answers().size(); i++) {
            Map<String, Object> sample = sample(result.task(), result.answers().get(i), i);
            for (String part : List.of("doc_hash", "prompt_hash", "target_hash")) {
                hash.update(String.valueOf(sample.get(part)).getBytes(StandardCharsets.UTF_8));
            }
        }
        hashes.put(result.task().name(), Sha256.finish(hash));
    }

    /// Writes what is known after a task.
    ///
    /// @param results the last of which was taken up last
    void write(Path folder, List<TaskResult> results) throws IOException {
        TaskResult last = results.getLast();
        if (options.logSamples) {
            writeSamples(
                    folder.resolve("samples_%s_%s.jsonl".formatted(last.task().name(), date())),
                    last);
        }
        write(
                folder.resolve("results_%s.json".formatted(date())),
                PythonJson.write(object(results)));
        write(
                folder.resolve("report_%s.html".formatted(date())),
                new EvalReport(settings, results).html());
    }

    /// One line a document; never all at once, because they have many times the size of the texts.
    private static void writeSamples(Path path, TaskResult result) throws IOException {
        try (OutputFile file = OutputFile.create(path, true)) {
            for (int i = 0; i < result.answers().size(); i++) {
                file.write(Json.write(sample(result.task(), result.answers().get(i), i)) + "\n");
            }
            file.commit();
        }
    }

    private static void write(Path path, String text) throws IOException {
        try (OutputFile file = OutputFile.create(path, true)) {
            file.write(text);
            file.commit();
        }
    }

    Map<String, Object> object(List<TaskResult> results) {
        Map<String, Object> scores = new LinkedHashMap<>();
        Map<String, Object> configs = new LinkedHashMap<>();
        Map<String, Object> versions = new LinkedHashMap<>();
        Map<String, Object> shots = new LinkedHashMap<>();
        Map<String, Object> directions = new LinkedHashMap<>();
        Map<String, Object> samples = new LinkedHashMap<>();
        for (TaskResult result : results) {
            Task task = result.task();
            scores.put(task.name(), scores(result));
            configs.put(task.name(), config(task));
            versions.put(task.name(), task.version());
            shots.put(task.name(), options.examples);
            Map<String, Object> direction = new LinkedHashMap<>();
            task.metrics().forEach(one -> direction.put(one.word(), one.higherIsBetter()));
            directions.put(task.name(), direction);
            int effective = result.answers().size();
            Map<String, Object> counts = new LinkedHashMap<>();
            counts.put("original", data(task).documents().size());
            counts.put("effective", effective);
            samples.put(task.name(), counts);
        }
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("results", scores);
        EvalTable.paper(results)
                .ifPresent(
                        row -> {
                            object.put("groups", Map.of("paper8", mean(row.getLast())));
                            object.put("group_subtasks", Map.of("paper8", Profile.PAPER8));
                        });
        object.put("configs", configs);
        object.put("versions", versions);
        object.put("n-shot", shots);
        object.put("higher_is_better", directions);
        object.put("n-samples", samples);
        object.put("config", run());
        object.put("date", started.atZone(ZoneId.systemDefault()).toEpochSecond());
        object.put("git_hash", settings.getOrDefault("commit", ""));
        object.put("mobilellm_version", settings.getOrDefault("program", ""));
        object.put("profile", options.profile.word());
        object.put("task_hashes", hashes);
        object.put("model_source", "mobilellm");
        object.put("model_name", settings.getOrDefault("model", ""));
        object.put("model_name_sanitized", sanitized(settings.getOrDefault("model", "")));
        object.put("system_instruction", options.system);
        object.put("fewshot_as_multiturn", false);
        object.put("apply_chat_template", options.chat);
        object.put("max_length", model.contextLength());
        return object;
    }

    private static Map<String, Object> scores(TaskResult result) {
        Map<String, Object> scores = new LinkedHashMap<>();
        scores.put("name", result.task().name());
        scores.put("alias", result.task().name());
        scores.put("sample_len", result.answers().size());
        for (Measurement measured : result.measurements()) {
            add(scores, measured, result.task().filter());
        }
        return scores;
    }

    private static void add(Map<String, Object> scores, Measurement measured, String filter) {
        String name = measured.metric().word();
        scores.put(name + "," + filter, measured.value());
        scores.put(
                name + "_stderr," + filter,
                measured.error().isPresent() ? measured.error().getAsDouble() : "N/A");
    }

    /// Of the metrics that the profile goes by, each task counting once: not what the harness's groups are.
    private static Map<String, Object> mean(Measurement average) {
        Map<String, Object> group = new LinkedHashMap<>();
        group.put("alias", "paper8");
        group.put("mean,none", average.value());
        group.put(
                "mean_stderr,none",
                average.error().isPresent() ? average.error().getAsDouble() : "N/A");
        return group;
    }

    private Map<String, Object> config(Task task) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("task", task.name());
        config.put("dataset_files", task.files().stream().map(DataFile::name).toList());
        config.put("dataset_sha256", List.of(data(task).sha256().split(",")));
        config.put("num_fewshot", options.examples);
        config.put("metric_list", task.metrics().stream().map(Metric::word).toList());
        config.put("main_metric", task.main().word());
        config.put("metadata", Map.of("version", task.version()));
        return config;
    }

    private Task.Data data(Task task) {
        return Objects.requireNonNull(documents.get(task), task.name());
    }

    private Map<String, Object> run() {
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("model", "mobilellm");
        run.put("model_args", new LinkedHashMap<>(settings));
        run.put("model_sha", settings.getOrDefault("model_sha", ""));
        run.put("batch_size", options.batchRows);
        run.put("device", "cpu");
        run.put("model_num_parameters", model.config().parameters());
        run.put("model_dtype", model.precision().word());
        options.limit.number().ifPresent(limit -> run.put("limit", limit));
        run.put("random_seed", 0);
        run.put("numpy_seed", 1234);
        run.put("torch_seed", 1234);
        run.put("bootstrap_iters", 100_000);
        run.put("fewshot_seed", 1234);
        return run;
    }

    private static Map<String, Object> sample(Task task, Answered answered, int index) {
        Question question = answered.document().question();
        Map<String, Object> arguments = arguments(question);
        Map<String, Object> sample = new LinkedHashMap<>();
        sample.put("doc_id", index);
        sample.put("doc", answered.document().fields());
        sample.put("target", question.target());
        sample.put("arguments", arguments);
        List<Object> responses = responses(answered.answer());
        sample.put("resps", responses.stream().map(List::of).toList());
        sample.put("filtered_resps", filtered(responses));
        sample.put("filter", task.filter());
        sample.put("metrics", task.metrics().stream().map(Metric::word).toList());
        sample.put("doc_hash", Sha256.of(PythonJson.write(answered.document().fields())));
        sample.put("prompt_hash", Sha256.of(prompt(question)));
        sample.put("target_hash", Sha256.of(question.target()));
        answered.samples().forEach((metric, value) -> sample.put(metric.word(), value.value()));
        if (question instanceof Question.Choice choice) {
            Map<String, Object> scores = new LinkedHashMap<>();
            for (Metric metric : task.metrics()) {
                scores.put(
                        metric.word(),
                        DoubleStream.of(answered.answer().scores(metric, choice)).boxed().toList());
            }
            sample.put("scores", scores);
        }
        if (answered.isCut()) {
            sample.put("truncated", true);
        }
        if (answered.isRepaired()) {
            sample.put("continuation_encoded_alone", true);
        }
        return sample;
    }

    private static String prompt(Question question) {
        return switch (question) {
            case Question.Open open -> open.prompt();
            case Question.Page page -> page.text();
            default -> question.pairs().getFirst().context();
        };
    }

    private static Map<String, Object> arguments(Question question) {
        Map<String, Object> arguments = new LinkedHashMap<>();
        List<Pair> pairs = question.pairs();
        for (int i = 0; i < pairs.size(); i++) {
            Map<String, Object> argument = new LinkedHashMap<>();
            argument.put("arg_0", pairs.get(i).context());
            argument.put("arg_1", pairs.get(i).continuation());
            arguments.put("gen_args_" + i, argument);
        }
        if (pairs.isEmpty()) {
            Map<String, Object> argument = new LinkedHashMap<>();
            argument.put("arg_0", prompt(question));
            if (question instanceof Question.Open open) {
                Map<String, Object> generation = new LinkedHashMap<>();
                generation.put("until", open.stops());
                generation.put("max_gen_toks", open.maxTokens());
                generation.put("do_sample", false);
                generation.put("temperature", 0.0);
                argument.put("arg_1", generation);
            }
            arguments.put("gen_args_0", argument);
        }
        return arguments;
    }

    /// As the harness's filter `remove_whitespace` leaves what was written.
    private static List<Object> filtered(List<Object> responses) {
        return responses.stream()
                .map(one -> one instanceof String text ? PythonText.strip(text) : one)
                .toList();
    }

    private static List<Object> responses(Answer answer) {
        return switch (answer) {
            case Answer.Written(String text) -> List.of(text);
            case Answer.Likelihoods(List<Likelihood> likelihoods) -> {
                List<Object> responses = new ArrayList<>();
                for (Likelihood one : likelihoods) {
                    responses.add(
                            List.of(
                                    String.valueOf(one.logLikelihood()),
                                    one.isGreedy() ? "True" : "False"));
                }
                yield responses;
            }
        };
    }
}
