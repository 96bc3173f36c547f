package mobilellm.template;

import mobilellm.template.Arguments.Bound;
import mobilellm.template.Value.Array;
import mobilellm.template.Value.Bool;
import mobilellm.template.Value.Function;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;

/// The methods of Python's `str`.
final class TextMethods {
    private static final List<String> SPLIT = List.of("sep", "maxsplit");
    private static final List<String> CHARACTERS = List.of("chars");
    private static final List<String> PART = List.of("sub");

    private static final Map<String, Method> METHODS =
            Map.ofEntries(
                    Map.entry("upper", changed(PythonText::upper)),
                    Map.entry("lower", changed(PythonText::lower)),
                    Map.entry("title", changed(PythonText::title)),
                    Map.entry("capitalize", changed(PythonText::capitalize)),
                    Map.entry("swapcase", changed(PythonText::swapCase)),
                    Map.entry("strip", with(CHARACTERS, TextMethods::strip)),
                    Map.entry(
                            "lstrip",
                            with(
                                    CHARACTERS,
                                    (_, text, a) ->
                                            new Text(PythonText.stripStart(text, stripped(a))))),
                    Map.entry(
                            "rstrip",
                            with(
                                    CHARACTERS,
                                    (_, text, a) ->
                                            new Text(PythonText.stripEnd(text, stripped(a))))),
                    Map.entry(
                            "split",
                            with(SPLIT, (budget, text, a) -> split(budget, text, a, false))),
                    Map.entry(
                            "rsplit",
                            with(SPLIT, (budget, text, a) -> split(budget, text, a, true))),
                    Map.entry(
                            "splitlines",
                            with(List.of(), (_, text, _) -> texts(PythonText.lines(text)))),
                    Map.entry("partition", with(List.of("sep"), TextMethods::partition)),
                    Map.entry("removeprefix", with(List.of("prefix"), TextMethods::removePrefix)),
                    Map.entry("removesuffix", with(List.of("suffix"), TextMethods::removeSuffix)),
                    Map.entry(
                            "startswith",
                            with(
                                    List.of("prefix"),
                                    (_, text, a) -> matches(a.value(0), text::startsWith))),
                    Map.entry(
                            "endswith",
                            with(
                                    List.of("suffix"),
                                    (_, text, a) -> matches(a.value(0), text::endsWith))),
                    Map.entry(
                            "replace", with(List.of("old", "new", "count"), TextMethods::replace)),
                    Map.entry(
                            "find",
                            with(PART, (budget, text, a) -> Int.of(find(budget, text, a.text(0))))),
                    Map.entry("index", with(PART, TextMethods::index)),
                    Map.entry("rfind", with(PART, TextMethods::findLast)),
                    Map.entry("count", with(PART, TextMethods::count)),
                    Map.entry("join", with(List.of("iterable"), TextMethods::join)),
                    Map.entry("zfill", with(List.of("width"), TextMethods::zeroFill)),
                    Map.entry("format", TextMethods::format),
                    Map.entry("isdigit", asks(Character::isDigit)),
                    Map.entry("isalpha", asks(Character::isLetter)),
                    Map.entry("isalnum", asks(Character::isLetterOrDigit)),
                    Map.entry("isspace", asks(PythonText::isSpace)),
                    Map.entry(
                            "isupper",
                            with(
                                    List.of(),
                                    (_, text, _) -> Bool.of(PythonText.allCased(text, true)))),
                    Map.entry(
                            "islower",
                            with(
                                    List.of(),
                                    (_, text, _) -> Bool.of(PythonText.allCased(text, false)))));

    private TextMethods() {}

    private interface Method {
        Value call(Budget budget, String text, Arguments arguments);
    }

    private interface BoundMethod {
        Value call(Budget budget, String text, Bound arguments);
    }

    /// The method of this text, if there is one of this name.
    static Optional<Value> find(String text, String name) {
        return Optional.ofNullable(METHODS.get(name))
                .map(
                        method ->
                                new Function(
                                        name,
                                        (budget, arguments) -> {
                                            budget.spendOnCharacters(text.length());
                                            return method.call(budget, text, arguments);
                                        }));
    }

    private static Method with(List<String> parameters, BoundMethod method) {
        return (budget, text, arguments) ->
                method.call(budget, text, arguments.bind("the method", parameters));
    }

    private static Method changed(UnaryOperator<String> change) {
        return with(List.of(), (_, text, _) -> new Text(change.apply(text)));
    }

    private static Method asks(IntPredicate predicate) {
        return with(List.of(), (_, text, _) -> Bool.of(PythonText.allMatch(text, predicate)));
    }

    static Array texts(List<String> texts) {
        return new Array(texts.stream().<Value>map(Text::new).toList());
    }

    private static Value strip(Budget budget, String text, Bound arguments) {
        IntPredicate stripped = stripped(arguments);
        return new Text(PythonText.stripEnd(PythonText.stripStart(text, stripped), stripped));
    }

    /// What the `strip` methods remove: white space, or the given characters.
    private static IntPredicate stripped(Bound arguments) {
        if (arguments.value(0, None.NONE) instanceof None) {
            return PythonText::isSpace;
        }
        return anyOf(arguments.text(0));
    }

    static IntPredicate anyOf(String characters) {
        java.util.Set<Integer> points = new java.util.HashSet<>();
        characters.codePoints().forEach(points::add);
        return points::contains;
    }

    private static Value split(Budget budget, String text, Bound arguments, boolean fromEnd) {
        int most = arguments.integer(1, -1);
        long limit = most < 0 ? Long.MAX_VALUE : most;
        if (arguments.value(0, None.NONE) instanceof None) {
            if (fromEnd && most >= 0) {
                throw new EvaluationException("rsplit with a limit needs a separator here");
            }
            return texts(PythonText.splitAtSpace(text, limit));
        }
        String separator = separator(budget, text, arguments.text(0));
        return texts(
                fromEnd
                        ? PythonText.splitFromEnd(text, separator, limit)
                        : PythonText.split(text, separator, limit));
    }

    private static String separator(Budget budget, String text, String separator) {
        if (separator.isEmpty()) {
            throw new EvaluationException("empty separator");
        }
        budget.spendOnSearch(text, separator);
        return separator;
    }

    private static Value partition(Budget budget, String text, Bound arguments) {
        String separator = separator(budget, text, arguments.text(0));
        int at = text.indexOf(separator);
        return Tuple.of(
                at < 0
                        ? List.of(new Text(text), new Text(""), new Text(""))
                        : List.of(
                                new Text(text.substring(0, at)),
                                new Text(separator),
                                new Text(text.substring(at + separator.length()))));
    }

    private static Value removePrefix(Budget budget, String text, Bound arguments) {
        String prefix = arguments.text(0);
        return new Text(text.startsWith(prefix) ? text.substring(prefix.length()) : text);
    }

    private static Value removeSuffix(Budget budget, String text, Bound arguments) {
        String suffix = arguments.text(0);
        return new Text(
                text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text);
    }

    /// One text, or any of a tuple.
    private static Value matches(Value affix, java.util.function.Predicate<String> matches) {
        if (affix instanceof Tuple tuple) {
            return Bool.of(
                    tuple.items().stream()
                            .anyMatch(
                                    item ->
                                            item instanceof Text(String text)
                                                    && matches.test(text)));
        }
        if (affix instanceof Text(String text)) {
            return Bool.of(matches.test(text));
        }
        throw new EvaluationException(
                "the affix must be str or a tuple of str, not " + Value.typeName(affix));
    }

    private static Value replace(Budget budget, String text, Bound arguments) {
        return replace(
                budget, text, arguments.text(0), arguments.text(1), arguments.integer(2, -1));
    }

    /// @param count the most replacements, or a negative number for all
    static Value replace(Budget budget, String text, String old, String replacement, int count) {
        budget.spendOnSearch(text, old);
        long left = count < 0 ? Long.MAX_VALUE : count;
        Output output = new Output(budget);
        int copied = 0;
        int found = text.indexOf(old);
        while (found >= 0 && left > 0) {
            budget.spend(1);
            output.append(text.substring(copied, found)).append(replacement);
            copied = found + old.length();
            // An empty text is found before every character and at the end.
            int next =
                    old.isEmpty() && found < text.length()
                            ? text.offsetByCodePoints(found, 1)
                            : copied;
            found = old.isEmpty() && found == text.length() ? -1 : text.indexOf(old, next);
            left--;
        }
        return output.append(text.substring(copied)).toValue();
    }

    private static int find(Budget budget, String text, String part) {
        budget.spendOnSearch(text, part);
        int at = text.indexOf(part);
        return at < 0 ? -1 : text.codePointCount(0, at);
    }

    private static Value index(Budget budget, String text, Bound arguments) {
        int at = find(budget, text, arguments.text(0));
        if (at < 0) {
            throw new EvaluationException("substring not found");
        }
        return Int.of(at);
    }

    private static Value findLast(Budget budget, String text, Bound arguments) {
        String part = arguments.text(0);
        budget.spendOnSearch(text, part);
        int at = text.lastIndexOf(part);
        return Int.of(at < 0 ? -1 : text.codePointCount(0, at));
    }

    private static Value count(Budget budget, String text, Bound arguments) {
        String part = arguments.text(0);
        if (part.isEmpty()) {
            return Int.of(PythonText.length(text) + 1);
        }
        budget.spendOnSearch(text, part);
        return Int.of(PythonText.split(text, part, Long.MAX_VALUE).size() - 1);
    }

    private static Value join(Budget budget, String text, Bound arguments) {
        Output output = new Output(budget);
        String separator = "";
        int index = 0;
        for (Value item : Operators.iterate(arguments.value(0))) {
            if (!(item instanceof Text(String part))) {
                throw new EvaluationException(
                        "sequence item %d: expected str instance, %s found"
                                .formatted(index, Value.typeName(item)));
            }
            output.append(separator).append(part);
            separator = text;
            index++;
        }
        return output.toValue();
    }

    private static Value zeroFill(Budget budget, String text, Bound arguments) {
        int missing = arguments.integer(0) - PythonText.length(text);
        boolean signed = text.startsWith("-") || text.startsWith("+");
        return new Output(budget)
                .append(signed ? text.substring(0, 1) : "")
                .repeat("0", missing)
                .append(signed ? text.substring(1) : text)
                .toValue();
    }

    /// `str.format` with `{}`, `{0}`, `{name}`, `{{` and `}}`.
    private static Value format(Budget budget, String text, Arguments arguments) {
        Output output = new Output(budget);
        int next = 0;
        int position = 0;
        while (position < text.length()) {
            char character = text.charAt(position);
            if (character != '{' && character != '}') {
                int end = position;
                while (end < text.length() && text.charAt(end) != '{' && text.charAt(end) != '}') {
                    end++;
                }
                output.append(text.substring(position, end));
                position = end;
            } else if (text.startsWith(String.valueOf(character), position + 1)) {
                output.append(String.valueOf(character));
                position += 2;
            } else {
                int close = text.indexOf('}', position);
                if (character == '}' || close < 0) {
                    throw new EvaluationException(
                            "Single '" + character + "' encountered in format string");
                }
                String field = text.substring(position + 1, close);
                output.append(
                        Printer.text(
                                budget, field(field.isEmpty() ? "" + next++ : field, arguments)));
                position = close + 1;
            }
        }
        return output.toValue();
    }

    private static Value field(String field, Arguments arguments) {
        if (!field.chars().allMatch(Character::isLetterOrDigit)) {
            throw new EvaluationException("not supported: the replacement field '{" + field + "}'");
        }
        Value named = arguments.named().get(field);
        if (named != null) {
            return named;
        }
        if (field.length() < 6 && field.chars().allMatch(Character::isDigit)) {
            int index = Integer.parseInt(field);
            if (index < arguments.positional().size()) {
                return arguments.positional().get(index);
            }
        }
        throw new EvaluationException("no argument for the replacement field '{" + field + "}'");
    }
}
