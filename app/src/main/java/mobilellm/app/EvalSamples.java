package mobilellm.app;

import mobilellm.evaluation.task.Pair;

import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The samples of a run as [EvalResults] wrote them.
final class EvalSamples {
    /// Dates order as texts do.
    private static final Pattern NAME =
            Pattern.compile("samples_(.+)_(\\d{4}-\\d\\d-\\d\\dT[\\d.-]+)\\.jsonl");

    private EvalSamples() {}

    /// An answer of a run.
    ///
    /// @param metrics what it contributes to each
    /// @param line the sample itself; documents are many, so only those that are looked at are taken apart
    record Sample(int document, Map<String, Double> metrics, String line) {
        Content content() {
            return Content.of(Json.readObject(line, "document " + document));
        }
    }

    /// What was asked, and how it was answered.
    ///
    /// @param prompt what stands before the first answer
    /// @param pairs none where the model wrote an answer
    /// @param likelihoods one for each pair
    /// @param text what was written
    /// @param scores by metric, what choices are compared by; those of the same continuations that are asked again without the
    ///     question are no choices
    record Content(
            String prompt,
            List<Pair> pairs,
            List<Double> likelihoods,
            String text,
            String target,
            Map<String, List<Double>> scores) {
        private static Content of(Map<String, Object> sample) {
            String prompt = "";
            List<Pair> pairs = new ArrayList<>();
            for (Object one : values(sample.get("arguments"))) {
                if (one instanceof Map<?, ?> arguments) {
                    String context = String.valueOf(arguments.get("arg_0"));
                    prompt = prompt.isEmpty() ? context : prompt;
                    if (arguments.get("arg_1") instanceof String continuation) {
                        pairs.add(new Pair(context, continuation));
                    }
                }
            }
            List<Double> likelihoods = new ArrayList<>();
            String text = "";
            if (sample.get("filtered_resps") instanceof List<?> responses) {
                for (Object one : responses) {
                    if (one instanceof List<?> response) {
                        likelihoods.add(Double.valueOf(String.valueOf(response.getFirst())));
                    } else {
                        text = String.valueOf(one);
                    }
                }
            }
            Map<String, List<Double>> scores = new LinkedHashMap<>();
            if (sample.get("scores") instanceof Map<?, ?> map) {
                map.forEach(
                        (metric, list) ->
                                scores.put(
                                        String.valueOf(metric),
                                        values(list).stream()
                                                .map(one -> Double.valueOf(String.valueOf(one)))
                                                .toList()));
            }
            return new Content(
                    prompt, pairs, likelihoods, text, String.valueOf(sample.get("target")), scores);
        }

        private static Collection<?> values(@Nullable Object object) {
            return switch (object) {
                case Map<?, ?> map -> map.values();
                case List<?> list -> list;
                case null, default -> List.of();
            };
        }

        /// What a metric compares choices by; the log-likelihoods where the sample does not tell.
        List<Double> scores(String metric) {
            return scores.getOrDefault(metric, likelihoods);
        }
    }

    /// The newest samples of each task in a folder, or in the only folder within it.
    static Map<String, Path> newest(Path folder) throws IOException {
        Map<String, Path> newest = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder, 2)) {
            for (Path file : files.sorted().toList()) {
                Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
                if (name.matches()) {
                    newest.put(name.group(1), file);
                }
            }
        }
        if (newest.values().stream().map(Path::getParent).distinct().count() > 1) {
            throw new IOException(
                    folder + " has results of several models: name one of its folders");
        }
        if (newest.isEmpty()) {
            throw new IOException(
                    folder + " has no samples_….jsonl; make it with 'eval --out … --log-samples'");
        }
        return newest;
    }

    /// What the run says of itself in its results.
    ///
    /// @param mainMetrics the metric that its profile goes by, of each task
    /// @param versions of the wording of each task
    /// @param settings what the answers depend on
    record Run(
            Map<String, String> mainMetrics,
            Map<String, String> versions,
            Map<String, String> settings) {}

    /// The run that a file of samples is from; one that knows nothing where its results are gone.
    static Run run(Path samples) throws IOException {
        Matcher name = NAME.matcher(String.valueOf(samples.getFileName()));
        Path results =
                samples.resolveSibling(
                        "results_%s.json".formatted(name.matches() ? name.group(2) : ""));
        if (!Files.exists(results)) {
            return new Run(Map.of(), Map.of(), Map.of());
        }
        Map<String, Object> object = Json.readObject(Files.readString(results), results.toString());
        Map<String, String> metrics = new LinkedHashMap<>();
        if (object.get("configs") instanceof Map<?, ?> configs) {
            configs.forEach(
                    (task, config) -> {
                        if (config instanceof Map<?, ?> map
                                && map.get("main_metric") instanceof String metric) {
                            metrics.put(String.valueOf(task), metric);
                        }
                    });
        }
        Object arguments =
                object.get("config") instanceof Map<?, ?> config ? config.get("model_args") : null;
        return new Run(metrics, texts(object.get("versions")), texts(arguments));
    }

    private static Map<String, String> texts(@Nullable Object object) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (object instanceof Map<?, ?> map) {
            map.forEach((key, value) -> texts.put(String.valueOf(key), String.valueOf(value)));
        }
        return texts;
    }

    /// By the hash of the document, and how many had the same before it.
    static Map<String, Sample> read(Path file) throws IOException {
        Map<String, Sample> samples = new LinkedHashMap<>();
        Map<String, Integer> seen = new HashMap<>();
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                String where = "line " + ++number + " of " + file;
                Map<String, Object> object = Json.readObject(line, where);
                if (!(object.get("metrics") instanceof List<?> metrics)
                        || !(object.get("doc_id") instanceof Number id)
                        || !(object.get("doc_hash") instanceof String document)) {
                    throw new IllegalArgumentException(
                            where + ": expected a sample with doc_id, doc_hash and metrics");
                }
                Map<String, Double> values = new LinkedHashMap<>();
                for (Object metric : metrics) {
                    if (object.get(String.valueOf(metric)) instanceof Number value) {
                        values.put(String.valueOf(metric), value.doubleValue());
                    }
                }
                int occurrence = seen.merge(document, 1, Integer::sum);
                samples.put(document + " " + occurrence, new Sample(id.intValue(), values, line));
            }
        }
        return samples;
    }
}
