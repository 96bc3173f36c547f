package mobilellm.app;

import mobilellm.app.EvalSamples.Sample;
import mobilellm.evaluation.PairedComparison;
import mobilellm.evaluation.task.Profile;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Whether one of two runs answered the same documents better.
///
/// @param first name of run A
/// @param second name of run B
/// @param differences settings that the runs do not have in common
record EvalCompare(String first, String second, List<String> differences, List<Row> rows) {
    private static final Set<String> INESSENTIAL =
            Set.of("started", "tasks", "data", "training_data");

    /// A document that was answered rightly in one run only.
    record Differing(Sample first, Sample second, boolean isFirstRight) {
        String name() {
            return "document %d (only %s)".formatted(first.document(), isFirstRight ? "A" : "B");
        }
    }

    /// What was found of a metric of a task.
    ///
    /// @param isMain whether the runs' profile goes by this metric, if that is known
    record Row(
            String task,
            String metric,
            Optional<Boolean> isMain,
            PairedComparison compared,
            List<Differing> differing) {}

    /// Compares all tasks that two runs have in common.
    ///
    /// @throws IOException if there are none
    static EvalCompare of(Path first, Path second) throws IOException {
        Map<String, Path> ofFirst = EvalSamples.newest(first);
        Map<String, Path> ofSecond = EvalSamples.newest(second);
        List<Row> rows = new ArrayList<>();
        Set<String> differences = new LinkedHashSet<>();
        for (Map.Entry<String, Path> entry : ofFirst.entrySet()) {
            String task = entry.getKey();
            Path other = ofSecond.get(task);
            if (other != null) {
                EvalSamples.Run a = EvalSamples.run(entry.getValue());
                EvalSamples.Run b = EvalSamples.run(other);
                requireSameWording(task, a, b);
                differences.addAll(differences(a.settings(), b.settings()));
                compare(
                        task,
                        Optional.ofNullable(a.mainMetrics().get(task)),
                        EvalSamples.read(entry.getValue()),
                        EvalSamples.read(other),
                        rows);
            }
        }
        if (rows.isEmpty()) {
            throw new IOException(
                    "%s and %s have no documents of one task in common that were answered rightly or wrongly; make both with --log-samples"
                            .formatted(first, second));
        }
        return new EvalCompare(first.toString(), second.toString(), List.copyOf(differences), rows);
    }

    private static void requireSameWording(String task, EvalSamples.Run a, EvalSamples.Run b)
            throws IOException {
        String first = a.versions().getOrDefault(task, "");
        String second = b.versions().getOrDefault(task, "");
        if (!first.equals(second)) {
            throw new IOException(
                    "task %s has version '%s' in the first run and '%s' in the second: they ask or score otherwise, so they cannot be compared"
                            .formatted(task, first, second));
        }
    }

    /// What may be the reason for other answers. A digest of weights differs with the precision that they are held in, so it
    /// tells something only where nothing else does.
    private static List<String> differences(Map<String, String> a, Map<String, String> b) {
        List<String> keys =
                a.keySet().stream()
                        .filter(key -> !INESSENTIAL.contains(key) && b.containsKey(key))
                        .filter(key -> !Objects.equals(a.get(key), b.get(key)))
                        .toList();
        return keys.stream()
                .filter(key -> keys.size() == 1 || !key.equals("model_sha"))
                .map(key -> "%s: %s and %s".formatted(key, a.get(key), b.get(key)))
                .toList();
    }

    private static void compare(
            String task,
            Optional<String> main,
            Map<String, Sample> first,
            Map<String, Sample> second,
            List<Row> rows) {
        List<Sample> ofFirst = new ArrayList<>();
        List<Sample> ofSecond = new ArrayList<>();
        first.forEach(
                (document, sample) -> {
                    Sample other = second.get(document);
                    if (other != null) {
                        ofFirst.add(sample);
                        ofSecond.add(other);
                    }
                });
        if (ofFirst.size() < 2) {
            return;
        }
        for (String metric : ofFirst.getFirst().metrics().keySet()) {
            double[] a = values(ofFirst, metric);
            double[] b = values(ofSecond, metric);
            if (Stream.of(a, b).allMatch(EvalCompare::isRightOrWrong)) {
                List<Differing> differing = new ArrayList<>();
                for (int i = 0; i < a.length; i++) {
                    if (a[i] != b[i]) {
                        differing.add(new Differing(ofFirst.get(i), ofSecond.get(i), a[i] > b[i]));
                    }
                }
                Optional<Boolean> isMain = main.map(metric::equals);
                rows.add(new Row(task, metric, isMain, PairedComparison.of(a, b), differing));
            }
        }
    }

    private static double[] values(List<Sample> samples, String metric) {
        return samples.stream()
                .mapToDouble(one -> one.metrics().getOrDefault(metric, Double.NaN))
                .toArray();
    }

    private static boolean isRightOrWrong(double[] values) {
        return Arrays.stream(values).allMatch(value -> value == 0 || value == 1);
    }

    /// The mean over the paper's tasks, by the metrics that the profile goes by; nothing if there is but one of them.
    Optional<PairedComparison.Mean> mean() {
        List<PairedComparison> tasks =
                rows.stream()
                        .filter(
                                row ->
                                        row.isMain.orElse(false)
                                                && Profile.PAPER8.contains(row.task))
                        .map(Row::compared)
                        .toList();
        return tasks.size() < 2 ? Optional.empty() : Optional.of(PairedComparison.mean(tasks));
    }
}
