package mobilellm.evaluation.task;

import static mobilellm.evaluation.task.Metric.ACC;
import static mobilellm.evaluation.task.Metric.ACC_BYTES;
import static mobilellm.evaluation.task.Metric.ACC_NORM;
import static mobilellm.evaluation.task.Metric.ACC_OVER_PROMPT;

import mobilellm.evaluation.task.Task.Framing;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/// The tasks of each profile. Versions are those of the harness's task files.
final class Catalogue {
    private static final Framing TRIVIA_OF_PAPER = new Framing("Answer these questions:\n", "\n");

    private Catalogue() {}

    static List<Task> harness() {
        return List.of(
                normed("arc_easy", "1.0", DataFiles.ARC_EASY, Wording::arc),
                normed("arc_challenge", "1.0", DataFiles.ARC_CHALLENGE, Wording::arc),
                summed("boolq", "2.0", DataFiles.BOOLQ, Wording::boolQ),
                normed("piqa", "1.0", DataFiles.PIQA, Wording::piqa),
                summed("social_iqa", "0.0", DataFiles.SOCIAL_IQA, Wording::socialIqa),
                normed("hellaswag", "1.0", DataFiles.HELLASWAG, Wording::hellaSwag),
                normed("openbookqa", "1.0", DataFiles.OPENBOOKQA, Wording::openBookQa),
                normed(
                        "openbookqa_validation",
                        "1.0",
                        DataFiles.OPENBOOKQA_VALIDATION,
                        Wording::openBookQa),
                summed("winogrande", "1.0", DataFiles.WINOGRANDE, Wording::winoGrande),
                race("race", 994, new Race("", false), ACC),
                race("race_middle", 494, new Race("middle", false), ACC),
                race("race_high", 500, new Race("high", false), ACC),
                triviaQa(Wording::triviaQa, Framing.PLAIN, Metric.EXACT_MATCH),
                lambada(),
                wikiText());
    }

    static List<Task> paper() {
        return List.of(
                paper("arc_easy", DataFiles.ARC_EASY, Wording::arc, ACC_NORM),
                paper("arc_challenge", DataFiles.ARC_CHALLENGE, Wording::arc, ACC_NORM),
                paper("boolq", DataFiles.BOOLQ, over(Wording::boolQ), ACC_OVER_PROMPT),
                paper("piqa", DataFiles.PIQA, Wording::piqa, ACC_NORM),
                paper("social_iqa", DataFiles.SOCIAL_IQA, Wording::socialIqa, ACC_NORM),
                paper("hellaswag", DataFiles.HELLASWAG, Wording::hellaSwag, ACC_NORM),
                paper(
                        "openbookqa",
                        DataFiles.OPENBOOKQA,
                        over(Wording::openBookQa),
                        ACC_OVER_PROMPT),
                paper(
                        "openbookqa_validation",
                        DataFiles.OPENBOOKQA_VALIDATION,
                        over(Wording::openBookQa),
                        ACC_OVER_PROMPT),
                openBookQaWhole(),
                paper("winogrande", DataFiles.WINOGRANDE, Wording::winoGrande, ACC),
                race("race", 1000, new Race("", true), ACC_NORM),
                race("race_middle", 500, new Race("middle", true), ACC_NORM),
                race("race_high", 500, new Race("high", true), ACC_NORM),
                triviaQa(Wording::triviaQaOfPaper, TRIVIA_OF_PAPER, Metric.LOOSE_MATCH),
                lambada(),
                wikiText());
    }

    /// The paper's scores of OpenBookQA are multiples of 0.1 %, so of 1,000 questions: perhaps these.
    private static Task openBookQaWhole() {
        return new Task(
                "openbookqa_whole",
                "paper-1",
                List.of(DataFiles.OPENBOOKQA_VALIDATION, DataFiles.OPENBOOKQA),
                1000,
                eachLine(over(Wording::openBookQa)),
                Framing.PLAIN,
                List.of(ACC, ACC_NORM, ACC_OVER_PROMPT),
                ACC_OVER_PROMPT);
    }

    private static Task normed(
            String name, String version, DataFile file, Function<Row, ? extends Question> wording) {
        return task(
                name,
                version,
                file,
                eachLine(wording),
                List.of(ACC, ACC_NORM, ACC_BYTES),
                ACC_NORM);
    }

    private static Task summed(
            String name, String version, DataFile file, Function<Row, ? extends Question> wording) {
        return task(name, version, file, eachLine(wording), List.of(ACC), ACC);
    }

    private static Task paper(
            String name, DataFile file, Function<Row, ? extends Question> wording, Metric main) {
        List<Metric> metrics = Stream.of(ACC, main).distinct().toList();
        return task(name, "paper-1", file, eachLine(wording), metrics, main);
    }

    private static Function<Row, Question> over(Function<Row, Question.Choice> wording) {
        return row -> wording.apply(row).over("Answer:");
    }

    private static Task task(
            String name,
            String version,
            DataFile file,
            Task.Reading reading,
            List<Metric> metrics,
            Metric main) {
        return new Task(
                name, version, List.of(file), file.rows(), reading, Framing.PLAIN, metrics, main);
    }

    private static Task.Reading eachLine(Function<Row, ? extends Question> wording) {
        return rows -> rows.stream().map(row -> row.asks(wording.apply(row))).toList();
    }

    private static Task race(String name, int documents, Race reading, Metric main) {
        return new Task(
                name,
                reading.everyQuestion() ? "paper-1" : "3.0",
                List.of(DataFiles.RACE),
                documents,
                reading,
                Framing.PLAIN,
                Stream.of(ACC, main).distinct().toList(),
                main);
    }

    private static Task triviaQa(Function<Row, Question> wording, Framing framing, Metric metric) {
        return new Task(
                "triviaqa",
                metric == Metric.EXACT_MATCH ? "3.0" : "paper-1",
                List.of(DataFiles.TRIVIAQA),
                DataFiles.TRIVIAQA.rows(),
                eachLine(wording),
                framing,
                List.of(metric),
                metric);
    }

    private static Task lambada() {
        return task(
                "lambada_openai",
                "1.0",
                DataFiles.LAMBADA,
                eachLine(Wording::lambada),
                List.of(Metric.PERPLEXITY, Metric.GREEDY),
                Metric.GREEDY);
    }

    private static Task wikiText() {
        return new Task(
                "wikitext",
                "2.0",
                List.of(DataFiles.WIKITEXT),
                62,
                new WikiText(),
                Framing.PLAIN,
                List.of(Metric.WORD_PERPLEXITY, Metric.BYTE_PERPLEXITY, Metric.BITS_PER_BYTE),
                Metric.WORD_PERPLEXITY);
    }
}
