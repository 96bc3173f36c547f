package mobilellm.app;

import mobilellm.evaluation.task.Profile;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/// Scores that others published, in per cent. They were measured with other programs, so they are shown beside ours and
/// never mixed with them.
///
/// @param name of the model
/// @param source where the scores are from
/// @param scores by task
record Published(String name, String source, Map<String, Double> scores) {
    private static final String PAPER =
            "MobileLLM paper (arXiv 2402.14905), tables 3 and 4, by a program that was not"
                    + " released";
    private static final String CARD =
            "SmolLM2 model card, of the model before instruction tuning, by lighteval";

    /// The columns of the paper's tables: its eight tasks, and RACE.
    private static final List<String> COLUMNS =
            Stream.concat(Profile.PAPER8.stream(), Stream.of("race_middle", "race_high")).toList();

    static final List<Published> ALL =
            List.of(
                    paper("MobileLLM-125M", "43.9 27.1 60.2 65.3 42.4 38.9 39.5 53.1 39.7 28.9"),
                    paper("MobileLLM-LS-125M", "45.8 28.7 60.4 65.7 42.9 39.5 41.1 52.1 40.7 29.6"),
                    paper("MobileLLM-350M", "53.8 33.5 62.4 68.6 44.7 49.6 40.0 57.6 45.6 33.8"),
                    paper("MobileLLM-LS-350M", "54.4 32.5 62.8 69.8 44.1 50.6 45.8 57.2 47.3 33.7"),
                    new Published(
                            "SmolLM2-135M (base)",
                            CARD,
                            Map.of(
                                    "hellaswag", 42.1,
                                    "piqa", 68.4,
                                    "winogrande", 51.3,
                                    "openbookqa", 34.6)));

    private static Published paper(String name, String row) {
        Map<String, Double> byTask = new LinkedHashMap<>();
        String[] scores = row.split(" ", -1);
        for (int i = 0; i < scores.length; i++) {
            byTask.put(COLUMNS.get(i), Double.valueOf(scores[i]));
        }
        return new Published(name, PAPER, byTask);
    }

    /// The mean of the paper's tasks, where all were published.
    OptionalDouble average() {
        return scores.keySet().containsAll(Profile.PAPER8)
                ? Profile.PAPER8.stream()
                        .mapToDouble(task -> scores.getOrDefault(task, 0.0))
                        .average()
                : OptionalDouble.empty();
    }

    OptionalDouble score(String task) {
        Double score = scores.get(task);
        return score == null ? OptionalDouble.empty() : OptionalDouble.of(score);
    }
}
