package mobilellm.app;

import mobilellm.engine.Likelihood;
import mobilellm.evaluation.Answer;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Pair;
import mobilellm.evaluation.task.Question.Choice;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The samples of a run as [EvalResults] wrote them.
final class EvalSamples {
    /// Dates order as texts do.
    private static final Pattern NAME =
            Pattern.compile("samples_(.+)_(\\d{4}-\\d\\d-\\d\\dT[\\d.-]+)\\.jsonl");

    private static final Pattern RESULTS = Pattern.compile("results_\\d{4}-.*\\.json");

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
    /// @param pairs none where the model wrote an answer
    /// @param likelihoods one for each pair
    /// @param text what was written, or what was to be continued
    record Content(List<Pair> pairs, List<Likelihood> likelihoods, String text, String target) {
        private static Content of(Map<String, Object> sample) {
            List<Pair> pairs = new ArrayList<>();
            if (sample.get("arguments") instanceof Map<?, ?> arguments) {
                for (Object one : arguments.values()) {
                    if (one instanceof Map<?, ?> pair) {
                        pairs.add(
                                new Pair(
                                        String.valueOf(pair.get("arg_0")),
                                        pair.get("arg_1") instanceof String text ? text : ""));
                    }
                }
            }
            List<Likelihood> likelihoods = new ArrayList<>();
            String text = "";
            if (sample.get("filtered_resps") instanceof List<?> responses) {
                for (Object one : responses) {
                    if (one instanceof List<?> response) {
                        likelihoods.add(
                                new Likelihood(
                                        Double.parseDouble(String.valueOf(response.getFirst())),
                                        response.getLast().equals("True")));
                    } else {
                        text = String.valueOf(one);
                    }
                }
            }
            return new Content(pairs, likelihoods, text, String.valueOf(sample.get("target")));
        }

        boolean isChoice() {
            return likelihoods.size() > 1;
        }

        /// What a metric compares: without the same continuations that are asked again without the question.
        List<Pair> asked(String metric) {
            boolean isHalf = metric.equals(Metric.ACC_OVER_PROMPT.word());
            return isHalf ? pairs.subList(0, pairs.size() / 2) : pairs;
        }

        /// The choice by a metric, of a question with several.
        OptionalInt chosen(String metric) {
            List<Pair> asked = asked(metric);
            List<Pair> baseline = pairs.subList(asked.size(), pairs.size());
            // Choices stand after a blank.
            List<String> choices =
                    asked.stream().map(pair -> pair.continuation().replaceFirst("^ ", "")).toList();
            for (Metric one : Metric.values()) {
                if (one.word().equals(metric) && isChoice()) {
                    Choice choice = new Choice(choices, asked, baseline, 0);
                    return OptionalInt.of(new Answer.Likelihoods(likelihoods).best(one, choice));
                }
            }
            return OptionalInt.empty();
        }
    }

    /// The newest samples of each task in a folder, or in the only folder within it.
    static Map<String, Path> newest(Path folder) throws IOException {
        Map<String, Path> newest = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder, 2)) {
            for (Path file : files.sorted().toList()) {
                Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
                if (name.matches()) {
                    Path before = newest.put(name.group(1), file);
                    if (before != null
                            && !file.resolveSibling("").equals(before.resolveSibling(""))) {
                        throw new IOException(
                                folder + " has results of several models: name one of its folders");
                    }
                }
            }
        }
        if (newest.isEmpty()) {
            throw new IOException(
                    folder + " has no samples_….jsonl; make it with 'eval --out … --log-samples'");
        }
        return newest;
    }

    /// The metric that a run's profile goes by, of each task; nothing where its results do not tell.
    ///
    /// @param samples a file of the run
    static Map<String, String> mainMetrics(Path samples) throws IOException {
        Map<String, String> metrics = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(samples.resolveSibling(""))) {
            for (Path file : files.sorted().toList()) {
                if (RESULTS.matcher(String.valueOf(file.getFileName())).matches()
                        && Json.readObject(Files.readString(file), file.toString()).get("configs")
                                instanceof Map<?, ?> configs) {
                    configs.forEach(
                            (task, config) -> {
                                if (config instanceof Map<?, ?> map
                                        && map.get("main_metric") instanceof String metric) {
                                    metrics.put(String.valueOf(task), metric);
                                }
                            });
                }
            }
        }
        return metrics;
    }

    /// By the hash of the document.
    static Map<String, Sample> read(Path file) throws IOException {
        Map<String, Sample> samples = new LinkedHashMap<>();
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
                samples.put(document, new Sample(id.intValue(), values, line));
            }
        }
        return samples;
    }
}
