package mobilellm.evaluation.task;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// RACE: articles with several questions each, told apart by `example_id`, which begins with the kind of school.
///
/// @param school `middle`, `high`, or nothing for both
/// @param everyQuestion whether each question is asked for itself, as papers do; lm-evaluation-harness shows all but an
///     article's last one solved, and asks that
record Race(String school, boolean everyQuestion) implements Task.Reading {
    private static final String GAP = "  _  .";

    @Override
    public List<Document> documents(List<Row> rows) {
        Map<String, List<Row>> articles = new LinkedHashMap<>();
        for (Row row : rows) {
            if (row.text("example_id").startsWith(school)) {
                articles.computeIfAbsent(row.text("example_id"), id -> new ArrayList<>()).add(row);
            }
        }
        return articles.values().stream()
                .flatMap(
                        problems ->
                                IntStream.range(
                                                everyQuestion ? 0 : problems.size() - 1,
                                                problems.size())
                                        .mapToObj(last -> document(problems, last)))
                .toList();
    }

    private Document document(List<Row> problems, int last) {
        Row asked = problems.get(last);
        String article = "Article: " + asked.text("article") + "\n\n";
        String context =
                everyQuestion
                        ? article + "Question: " + asked.text("question") + "\nAnswer:"
                        : article + solved(problems.subList(0, last)) + asked.text("question");
        return asked.asks(Question.Choice.of(context, asked.choices("options"), answer(asked)));
    }

    private static int answer(Row row) {
        return row.letter("answer", row.choices("options").size());
    }

    private static String solved(List<Row> problems) {
        StringBuilder text = new StringBuilder();
        for (Row problem : problems) {
            String question = problem.text("question");
            String option = problem.choices("options").get(answer(problem));
            if (question.endsWith(GAP)) {
                // One blank of the gap stays.
                text.append(question, 0, question.length() - GAP.length() + 1);
                text.append(option).append('\n');
            } else {
                text.append("Question: ").append(question);
                text.append("\nAnswer: ").append(option).append('\n');
            }
        }
        return text.toString();
    }
}
