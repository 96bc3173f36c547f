package mobilellm.evaluation.task;

import mobilellm.template.PythonText;
import mobilellm.tensor.MalformedFileException;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// WikiText's pages, with the blanks that its tokenization put around punctuation taken out again. Words and bytes are
/// counted before that.
record WikiText() implements Task.Reading {
    /// Python's `\s`; Java's own lacks most of it.
    private static final String SPACE =
            "[\\t-\\r"
                + "\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";

    private static final Pattern SPACES = Pattern.compile(SPACE + "+");

    /// A pattern and what takes its place.
    private record Rule(Pattern pattern, String replacement) {
        static Rule literal(String text, String replacement) {
            return new Rule(Pattern.compile(text, Pattern.LITERAL), replacement);
        }

        static Rule regex(String regex, String replacement) {
            return new Rule(Pattern.compile(regex.replace("\\s", SPACE)), replacement);
        }
    }

    /// In the order of the harness. The second one never matches; it is the harness's.
    private static final List<Rule> RULES =
            List.of(
                    Rule.literal("s '", "s'"),
                    Rule.regex("/' [0-9]/", "/'[0-9]/"),
                    Rule.literal(" @-@ ", "-"),
                    Rule.literal(" @,@ ", ","),
                    Rule.literal(" @.@ ", "."),
                    Rule.literal(" : ", ": "),
                    Rule.literal(" ; ", "; "),
                    Rule.literal(" . ", ". "),
                    Rule.literal(" ! ", "! "),
                    Rule.literal(" ? ", "? "),
                    Rule.literal(" , ", ", "),
                    Rule.regex("\\(\\s*([^\\)]*?)\\s*\\)", "($1)"),
                    Rule.regex("\\[\\s*([^\\]]*?)\\s*\\]", "[$1]"),
                    Rule.regex("\\{\\s*([^}]*?)\\s*\\}", "{$1}"),
                    Rule.regex("\"\\s*([^\"]*?)\\s*\"", "\"$1\""),
                    Rule.regex("'\\s*([^']*?)\\s*'", "'$1'"),
                    Rule.literal("= = = =", "===="),
                    Rule.literal("= = =", "==="),
                    Rule.literal("= =", "=="),
                    Rule.literal(" ° ", "°"),
                    Rule.literal(" \n", "\n"),
                    Rule.literal("\n ", "\n"),
                    Rule.literal(" N ", " 1 "),
                    Rule.literal(" 's", "'s"));

    /// A page each.
    @Override
    public List<Document> documents(List<Row> rows) {
        return rows.stream().map(row -> row.asks(question(row.text("page")))).toList();
    }

    @Override
    public List<Document> documents(byte[] file, String name) {
        List<Row> rows = new ArrayList<>();
        for (String page : pages(text(file, name))) {
            rows.add(new Row(name + " page " + (rows.size() + 1), Map.of("page", page)));
        }
        return documents(rows);
    }

    private static String text(byte[] file, String name) {
        ByteBuffer bytes = ByteBuffer.wrap(file);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(
                    "%s is not UTF-8: byte %d begins no character"
                            .formatted(name, bytes.position()),
                    e);
        }
    }

    /// A page begins with a heading of the first level: `= Title =`.
    private static List<String> pages(String text) {
        List<String> pages = new ArrayList<>();
        List<String> lines = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            String heading = PythonText.strip(line.replace("= = =", "===").replace("= =", "=="));
            if (heading.startsWith("= ") && heading.endsWith(" =")) {
                addPage(pages, lines);
                lines.clear();
            }
            lines.add(line);
        }
        addPage(pages, lines);
        return pages;
    }

    private static void addPage(List<String> pages, List<String> lines) {
        String page = String.join("\n", lines);
        if (!PythonText.strip(page).isEmpty()) {
            pages.add(page);
        }
    }

    private static Question question(String page) {
        String text = page;
        for (Rule rule : RULES) {
            text = rule.pattern.matcher(text).replaceAll(rule.replacement);
        }
        return new Question.Page(
                text, SPACES.split(page, -1).length, page.getBytes(StandardCharsets.UTF_8).length);
    }
}
