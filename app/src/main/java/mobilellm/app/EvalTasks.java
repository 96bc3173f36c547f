package mobilellm.app;

import mobilellm.evaluation.task.DataFile;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Profile;
import mobilellm.evaluation.task.Task;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// Tells which tasks there are, and which files they read.
final class EvalTasks {
    private EvalTasks() {}

    static void print(Context context, Profile profile) {
        if (context.json()) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("profile", profile.word());
            object.put("tasks", profile.tasks().stream().map(EvalTasks::object).toList());
            context.output().json(object);
            return;
        }
        MarkdownTable table =
                new MarkdownTable(
                        "Task", "Documents", "Metrics", "File", "Source", "Licence of the data");
        for (Task task : profile.tasks()) {
            table.row(
                    task.name(),
                    Text.count(task.documents()),
                    metrics(task),
                    joined(task, DataFile::name),
                    joined(task, DataFile::source),
                    joined(task, DataFile::licence));
        }
        table.lines().forEach(context.output()::line);
        context.output().line("");
        context.output()
                .line(
                        "Groups: "
                                + Profile.groups().stream()
                                        .map(
                                                name ->
                                                        name
                                                                + " = "
                                                                + String.join(",", Profile.PAPER8))
                                        .collect(Collectors.joining("; ")));
    }

    private static String metrics(Task task) {
        return task.metrics().stream().map(Metric::word).collect(Collectors.joining(", "));
    }

    private static String joined(Task task, java.util.function.Function<DataFile, String> part) {
        return task.files().stream().map(part).distinct().collect(Collectors.joining(", "));
    }

    private static Map<String, Object> object(Task task) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", task.name());
        object.put("version", task.version());
        object.put("documents", task.documents());
        object.put("metrics", task.metrics().stream().map(Metric::word).toList());
        object.put("files", task.files().stream().map(EvalTasks::file).toList());
        return object;
    }

    private static Map<String, Object> file(DataFile file) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", file.name());
        object.put("rows", file.rows());
        object.put("sha256", file.sha256());
        object.put("source", file.source());
        object.put("licence", file.licence());
        return object;
    }
}
