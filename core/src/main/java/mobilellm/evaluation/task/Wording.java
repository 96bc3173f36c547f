package mobilellm.evaluation.task;

import mobilellm.template.PythonText;

import java.util.List;
import java.util.regex.Pattern;

/// How a row becomes a question, word for word as the task files of lm-evaluation-harness have it; its stray blanks and
/// doubled dots are kept, because scores depend on them.
final class Wording {
    /// Python's `.` is everything but a line feed.
    private static final Pattern BRACKETS = Pattern.compile("(?d)\\[.*?\\]");

    private Wording() {}

    private static String answering(String question) {
        return "Question: " + question + "\nAnswer:";
    }

    static Question.Choice arc(Row row) {
        return indexed(answering(row.text("question")), row);
    }

    static Question.Choice piqa(Row row) {
        return indexed(answering(row.text("goal")), row);
    }

    static Question.Choice socialIqa(Row row) {
        return indexed("Q: " + row.text("context") + " " + row.text("question") + "\nA:", row);
    }

    static Question.Choice openBookQa(Row row) {
        return indexed(row.text("question"), row);
    }

    private static Question.Choice indexed(String context, Row row) {
        List<String> choices = row.choices("choices");
        return Question.Choice.of(context, choices, row.index("gold", choices.size()));
    }

    /// The questions of the file end in a question mark already.
    static Question.Choice boolQ(Row row) {
        String passage = row.text("title") + " -- " + row.text("passage");
        return Question.Choice.of(
                passage + "\n" + answering(row.text("question")),
                List.of("no", "yes"),
                row.flag("answer") ? 1 : 0);
    }

    static Question.Choice hellaSwag(Row row) {
        String context = row.text("ctx_a") + " " + PythonText.capitalize(row.text("ctx_b"));
        List<String> endings =
                row.choices("endings").stream().map(Wording::withoutBrackets).toList();
        if (endings.contains("")) {
            throw row.malformed("an ending is empty once its [brackets] are removed");
        }
        return Question.Choice.of(
                withoutBrackets(row.text("activity_label") + ": " + context),
                endings,
                row.index("label", endings.size()));
    }

    /// White space is stripped before brackets are removed, so an ending may begin with a blank that stays.
    private static String withoutBrackets(String text) {
        String titled = PythonText.strip(text).replace(" [title]", ". ");
        return BRACKETS.matcher(titled).replaceAll("").replace("  ", " ");
    }

    /// The choices stand before the continuation, which is the same for both.
    static Question.Choice winoGrande(Row row) {
        String sentence = row.text("sentence");
        int gap = sentence.indexOf('_');
        if (gap < 0) {
            throw row.malformed("the sentence has no gap '_'");
        }
        String rest = " " + PythonText.strip(sentence.substring(gap + 1));
        if (rest.isBlank()) {
            throw row.malformed("nothing follows the gap '_', so nothing is predicted");
        }
        List<String> options = List.of(row.filled("option1"), row.filled("option2"));
        List<Pair> pairs =
                options.stream()
                        .map(option -> new Pair(sentence.substring(0, gap) + option, rest))
                        .toList();
        return new Question.Choice(options, pairs, List.of(), row.index("gold", 2));
    }

    static Question lambada(Row row) {
        return new Question.Cloze(new Pair(row.text("context"), " " + row.filled("continuation")));
    }

    /// The template adds a question mark to questions that have one.
    static Question triviaQa(Row row) {
        return open(row, answering(row.text("question") + "?"), List.of("\n", ".", ","));
    }

    /// As LLaMA's authors word it (Touvron et al. 2023, appendix A).
    static Question triviaQaOfPaper(Row row) {
        return open(row, "Q: " + row.text("question") + "\nA:", List.of("\n"));
    }

    private static Question open(Row row, String prompt, List<String> stops) {
        List<String> aliases = row.row("answer").texts("aliases");
        if (aliases.isEmpty()) {
            throw row.malformed("the field 'answer' names no accepted answer");
        }
        return new Question.Open(prompt, stops, 256, aliases);
    }
}
