package mobilellm.app;

import mobilellm.file.OutputFile;
import mobilellm.judge.Budget;
import mobilellm.judge.ChatAnswer;
import mobilellm.judge.ChatFormat;
import mobilellm.judge.ChatQuestion;
import mobilellm.judge.JudgeClient;
import mobilellm.judge.JudgeOptions;
import mobilellm.judge.JudgePrompts;
import mobilellm.judge.JudgeTask;
import mobilellm.judge.Judgement;
import mobilellm.judge.Judging;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/// Has the answers of a model judged, and tells what comes of it.
record JudgeRun(Context context, JudgeVerb options, JudgeOptions judge) {
    /// Answers of a file, and whose they are.
    private record Answers(String model, Map<String, ChatAnswer> byId) {
        static Answers read(Path file) throws IOException {
            Map<String, ChatAnswer> byId = ChatFormat.of(file).answers(file);
            String model = byId.values().stream().map(ChatAnswer::model).findFirst().orElse("");
            return new Answers(model, byId);
        }
    }

    void run() throws IOException, InterruptedException {
        List<ChatQuestion> all = ChatFormat.of(options.questions).questions(options.questions);
        List<ChatQuestion> questions = all.subList(0, options.limit.of(all.size()));
        Answers answers = Answers.read(options.answers);
        @Nullable Answers baseline =
                options.baseline == null ? null : Answers.read(options.baseline);
        List<JudgeTask> tasks = tasks(questions, answers, baseline);
        Files.createDirectories(options.out);
        Budget budget = new Budget(options.maxRequests, options.maxTokens);
        try (Judging judging = new Judging(judge, options.out.resolve("journal"));
                JudgeClient client = new JudgeClient(judge, budget, context.notes()::note)) {
            requireConsent(judging.estimate(tasks));
            ProgressLine progress = new ProgressLine(context.notes());
            long total = tasks.stream().mapToLong(task -> task.wordings().size()).sum();
            List<Judgement> judgements =
                    judging.judge(
                            tasks,
                            client,
                            done ->
                                    progress.show(
                                            done,
                                            total,
                                            left ->
                                                    "%d of %d judged, %.0f s left"
                                                            .formatted(done, total, left)));
            context.notes().clearTransientLine();
            context.notes()
                    .note(
                            "%s requests, %s tokens"
                                    .formatted(
                                            Text.count(budget.requests()),
                                            Text.count(budget.tokens())));
            write(judgements, answers, baseline);
            print(judgements, answers, baseline, budget);
        }
    }

    private List<JudgeTask> tasks(
            List<ChatQuestion> questions, Answers answers, @Nullable Answers baseline)
            throws IOException {
        JudgePrompts prompts = JudgePrompts.read(options.prompts);
        Map<String, ChatAnswer> references =
                options.references == null ? Map.of() : Answers.read(options.references).byId();
        return baseline == null
                ? JudgeTask.ratings(questions, answers.byId(), references, prompts)
                : JudgeTask.comparisons(
                        questions, answers.byId(), baseline.byId(), references, prompts);
    }

    private void requireConsent(Judging.Estimate estimate) throws IOException {
        if (estimate.requests() == 0) {
            return;
        }
        String cost =
                "%s requests to %s at %s, at most some %s tokens (limits: %s requests, %s tokens)"
                        .formatted(
                                Text.count(estimate.requests()),
                                Text.printable(judge.model()),
                                judge.endpoint().getHost(),
                                Text.count(estimate.mostTokens()),
                                Text.count(options.maxRequests),
                                Text.count(options.maxTokens));
        context.notes().println(cost);
        if (options.yes) {
            return;
        }
        if (!context.environment().interactive()) {
            throw new IOException("nothing was asked yet: " + cost + "; add --yes to go on");
        }
        context.notes().question("Go on? [y/N]");
        String answer = context.readLine().orElse("").strip().toLowerCase(Locale.ROOT);
        if (answer.isEmpty() || !"yes".startsWith(answer)) {
            throw new IOException("nothing was asked");
        }
    }

    private void write(List<Judgement> judgements, Answers answers, @Nullable Answers baseline)
            throws IOException {
        StringBuilder lines = new StringBuilder();
        for (Judgement one : judgements) {
            lines.append(
                            Json.write(
                                    baseline == null
                                            ? rating(one, answers.model())
                                            : comparison(one, answers.model(), baseline.model())))
                    .append('\n');
        }
        try (OutputFile file = OutputFile.create(options.out.resolve("judgments.jsonl"), true)) {
            file.write(lines.toString());
            file.commit();
        }
    }

    /// As FastChat's `model_judgment/*_single.jsonl`; no rating is -1 there.
    private Map<String, Object> rating(Judgement one, String model) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("question_id", ChatFormat.idValue(one.task().question()));
        line.put("model", model);
        line.put("judge", List.of(judge.model(), one.task().wordings().getFirst().name()));
        line.put("user_prompt", one.task().wordings().getFirst().user());
        line.put("judgment", one.texts().getFirst());
        line.put("score", one.value().orElse(-1));
        line.put("turn", one.task().turn());
        return line;
    }

    /// As FastChat's `model_judgment/*_pair.jsonl`.
    private Map<String, Object> comparison(Judgement one, String model, String other) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("question_id", ChatFormat.idValue(one.task().question()));
        line.put("model_1", model);
        line.put("model_2", other);
        line.put("g1_winner", winner(one.verdict(0)));
        line.put("g2_winner", winner(one.verdict(1)));
        line.put("judge", List.of(judge.model(), one.task().wordings().getFirst().name()));
        line.put("g1_user_prompt", one.task().wordings().getFirst().user());
        line.put("g1_judgment", one.texts().getFirst());
        line.put("g2_user_prompt", one.task().wordings().getLast().user());
        line.put("g2_judgment", one.texts().getLast());
        line.put("turn", one.task().turn());
        return line;
    }

    private static String winner(OptionalDouble verdict) {
        if (verdict.isEmpty()) {
            return "error";
        }
        return verdict.getAsDouble() == 0.5
                ? "tie"
                : verdict.getAsDouble() == 1 ? "model_1" : "model_2";
    }

    private void print(
            List<Judgement> judgements,
            Answers answers,
            @Nullable Answers baseline,
            Budget budget) {
        List<Judgement.Score> scores = Judgement.scores(judgements);
        if (context.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("model", answers.model());
            if (baseline != null) {
                json.put("baseline", baseline.model());
            }
            json.put("judge", judge.model());
            json.put("metric", baseline == null ? "rating" : "win_rate");
            json.put("scores", scores.stream().map(JudgeRun::object).toList());
            json.put("requests", budget.requests());
            json.put("tokens", budget.tokens());
            context.output().json(json);
            return;
        }
        context.output()
                .line(
                        baseline == null
                                ? "%s, rated from 1 to 10 by %s"
                                        .formatted(
                                                Text.printable(answers.model()),
                                                Text.printable(judge.model()))
                                : "%s against %s, judged by %s: won %%, a tie is half a win"
                                        .formatted(
                                                Text.printable(answers.model()),
                                                Text.printable(baseline.model()),
                                                Text.printable(judge.model())));
        context.output().line("");
        double unit = baseline == null ? 1 : 100;
        MarkdownTable table =
                new MarkdownTable("", "Questions", "Without verdict", "Score", " ", "Stderr");
        for (Judgement.Score score : scores) {
            table.row(
                    Text.printable(score.name()),
                    String.valueOf(score.judged()),
                    String.valueOf(score.dropped()),
                    number(score.value(), unit),
                    "±",
                    number(score.error(), unit));
        }
        table.lines().forEach(context.output()::line);
    }

    private static String number(OptionalDouble value, double unit) {
        return value.isEmpty()
                ? "N/A"
                : String.format(Locale.ROOT, "%.2f", unit * value.getAsDouble());
    }

    private static Map<String, Object> object(Judgement.Score score) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", score.name());
        object.put("questions", score.judged());
        object.put("without_verdict", score.dropped());
        score.value().ifPresent(value -> object.put("value", value));
        score.error().ifPresent(error -> object.put("stderr", error));
        return object;
    }
}
