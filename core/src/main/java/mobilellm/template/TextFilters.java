package mobilellm.template;

import mobilellm.template.Arguments.Bound;
import mobilellm.template.Value.Dict;
import mobilellm.template.Value.DictKey;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Jinja's filters of texts.
final class TextFilters {
    private static final Pattern WORD_START =
            Pattern.compile("[-\\s({\\[<]+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);

    private TextFilters() {}

    static void define() {
        Filters.defineOnText("upper", List.of(), (_, text, _) -> new Text(PythonText.upper(text)));
        Filters.defineOnText("lower", List.of(), (_, text, _) -> new Text(PythonText.lower(text)));
        Filters.defineOnText("title", List.of(), (_, text, _) -> new Text(title(text)));
        Filters.defineOnText(
                "capitalize", List.of(), (_, text, _) -> new Text(PythonText.capitalize(text)));
        Filters.defineOnText("trim", List.of("chars"), (_, text, a) -> new Text(trim(text, a)));
        Filters.defineOnText(
                "replace",
                List.of("old", "new", "count"),
                (budget, text, a) ->
                        TextMethods.replace(budget, text, a.text(0), a.text(1), count(a)));
        Filters.defineOnText("escape", List.of(), (budget, text, _) -> escape(budget, text));
        Filters.defineOnText("striptags", List.of(), (_, text, _) -> new Text(Markup.strip(text)));
        Filters.defineOnText("center", List.of("width"), TextFilters::center);
        Filters.defineOnText("indent", List.of("width", "first", "blank"), TextFilters::indent);
        Filters.defineOnText(
                "truncate", List.of("length", "killwords", "end", "leeway"), TextFilters::truncate);
        Filters.defineOnText(
                "wordwrap", List.of("width", "break_long_words"), TextFilters::wordWrap);
        Filters.defineOnText(
                "wordcount",
                List.of(),
                (_, text, _) -> Int.of(WORD.matcher(text).results().count()));
        Filters.defineOnText("urlencode", List.of(), (budget, text, _) -> urlEncode(budget, text));
        Filters.define("format", TextFilters::format);
    }

    private static String title(String text) {
        StringBuilder result = new StringBuilder();
        Matcher start = WORD_START.matcher(text);
        int copied = 0;
        while (start.find()) {
            appendWord(result, text.substring(copied, start.start()));
            result.append(start.group());
            copied = start.end();
        }
        appendWord(result, text.substring(copied));
        return result.toString();
    }

    private static void appendWord(StringBuilder result, String word) {
        if (!word.isEmpty()) {
            int second = word.offsetByCodePoints(0, 1);
            result.append(PythonText.upper(word.substring(0, second)));
            result.append(PythonText.lower(word.substring(second)));
        }
    }

    private static String trim(String text, Bound arguments) {
        java.util.function.IntPredicate trimmed =
                arguments.value(0, None.NONE) instanceof None
                        ? PythonText::isSpace
                        : TextMethods.anyOf(arguments.text(0));
        return PythonText.stripEnd(PythonText.stripStart(text, trimmed), trimmed);
    }

    private static int count(Bound arguments) {
        return arguments.value(2, None.NONE) instanceof None ? -1 : arguments.integer(2);
    }

    private static Value escape(Budget budget, String text) {
        Output output = new Output(budget);
        int copied = 0;
        for (int i = 0; i < text.length(); i++) {
            String escaped =
                    switch (text.charAt(i)) {
                        case '&' -> "&amp;";
                        case '<' -> "&lt;";
                        case '>' -> "&gt;";
                        case '"' -> "&#34;";
                        case '\'' -> "&#39;";
                        default -> "";
                    };
            if (!escaped.isEmpty()) {
                output.append(text.substring(copied, i)).append(escaped);
                copied = i + 1;
            }
        }
        return output.append(text.substring(copied)).toValue();
    }

    /// Where the free space is odd, Python gives the larger half to the left if the width is odd too.
    private static Value center(Budget budget, String text, Bound arguments) {
        int width = arguments.integer(0, 80);
        long missing = Math.max(0L, (long) width - PythonText.length(text));
        long left = missing / 2 + (missing & width & 1);
        return new Output(budget)
                .repeat(" ", left)
                .append(text)
                .repeat(" ", missing - left)
                .toValue();
    }

    private static Value indent(Budget budget, String text, Bound arguments) {
        String prefix = arguments.value(0, Int.of(4)) instanceof Text(String given) ? given : "";
        int width =
                prefix.isEmpty() && !(arguments.value(0, Int.of(4)) instanceof Text)
                        ? arguments.integer(0, 4)
                        : 0;
        boolean blank = arguments.truth(2, false);
        Output output = new Output(budget);
        List<String> lines = PythonText.lines(text + "\n");
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            boolean indented = i == 0 ? arguments.truth(1, false) : blank || !line.isEmpty();
            output.append(i == 0 ? "" : "\n");
            if (indented) {
                output.append(prefix).repeat(" ", width);
            }
            output.append(line);
        }
        return output.toValue();
    }

    private static Value truncate(Budget budget, String text, Bound arguments) {
        int most = arguments.integer(0, 255);
        String end = arguments.text(2, "...");
        int room = most - PythonText.length(end);
        int leeway = arguments.value(3, None.NONE) instanceof None ? 5 : arguments.integer(3);
        if (room < 0 || leeway < 0) {
            throw new EvaluationException(
                    "truncate needs a length of at least that of its end, and a leeway of at least"
                            + " 0");
        }
        if (PythonText.length(text) <= (long) most + leeway) {
            return new Text(text);
        }
        String cut = PythonText.substring(text, 0, room);
        int lastSpace = cut.lastIndexOf(' ');
        boolean atWord = !arguments.truth(1, false) && lastSpace >= 0;
        return new Output(budget)
                .append(atWord ? cut.substring(0, lastSpace) : cut)
                .append(end)
                .toValue();
    }

    private static Value wordWrap(Budget budget, String text, Bound arguments) {
        int width = arguments.integer(0, 79);
        if (width < 1) {
            throw new EvaluationException("wordwrap needs a width of at least 1, got " + width);
        }
        boolean breakLongWords = arguments.truth(1, true);
        Output output = new Output(budget);
        String separator = "";
        for (String line : PythonText.lines(text)) {
            output.append(separator)
                    .append(String.join("\n", WordWrap.wrap(budget, line, width, breakLongWords)));
            separator = "\n";
        }
        return output.toValue();
    }

    private static Value urlEncode(Budget budget, String text) {
        String encoded = URLEncoder.encode(text, StandardCharsets.UTF_8);
        return new Output(budget)
                .append(
                        encoded.replace("+", "%20")
                                .replace("%2F", "/")
                                .replace("%7E", "~")
                                .replace("*", "%2A"))
                .toValue();
    }

    private static Value format(Budget budget, Value input, Arguments arguments) {
        Map<String, Value> named = arguments.named();
        if (named.isEmpty()) {
            return PrintfFormat.format(
                    budget, Printer.text(budget, input), Tuple.of(arguments.positional()));
        }
        if (!arguments.positional().isEmpty()) {
            throw new EvaluationException(
                    "the filter 'format' takes values either by position or by name");
        }
        Map<DictKey, Value> entries = new LinkedHashMap<>();
        named.forEach((name, value) -> entries.put(new DictKey(new Text(name)), value));
        return PrintfFormat.format(budget, Printer.text(budget, input), new Dict(entries));
    }
}
