package mobilellm.evaluation.task;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Texts, lists and dictionaries as Python writes them (`repr`): one copy of RACE keeps an article's questions in such a text.
final class PythonLiteral {
    private static final int DEEPEST = 16;

    private final String text;
    private int at;

    private PythonLiteral(String text) {
        this.text = text;
    }

    /// Lists become lists, dictionaries maps.
    ///
    /// @throws IllegalArgumentException telling what was expected where
    static Object read(String text) {
        PythonLiteral literal = new PythonLiteral(text);
        Object value = literal.value(0);
        if (literal.next() != '\0') {
            throw literal.unexpected("the end");
        }
        return value;
    }

    private Object value(int depth) {
        if (depth > DEEPEST) {
            throw unexpected("lists in lists no deeper than " + DEEPEST);
        }
        return switch (next()) {
            case '[' -> list(depth);
            case '{' -> map(depth);
            case '\'', '"' -> string();
            default -> throw unexpected("a text, a list or a dictionary");
        };
    }

    private List<Object> list(int depth) {
        List<Object> values = new ArrayList<>();
        at++;
        while (next() != ']') {
            values.add(value(depth + 1));
            separate(']');
        }
        at++;
        return values;
    }

    private Map<String, Object> map(int depth) {
        Map<String, Object> values = new LinkedHashMap<>();
        at++;
        while (next() != '}') {
            if (next() != '\'' && next() != '"') {
                throw unexpected("a key that is a text");
            }
            String key = string();
            if (next() != ':') {
                throw unexpected("a colon");
            }
            at++;
            values.put(key, value(depth + 1));
            separate('}');
        }
        at++;
        return values;
    }

    private void separate(char end) {
        if (next() == ',') {
            at++;
        } else if (next() != end) {
            throw unexpected("a comma or '" + end + "'");
        }
    }

    private String string() {
        StringBuilder string = new StringBuilder();
        char quote = text.charAt(at++);
        while (at < text.length() && text.charAt(at) != quote) {
            char character = text.charAt(at++);
            if (character == '\\') {
                string.appendCodePoint(escaped());
            } else {
                string.append(character);
            }
        }
        if (at == text.length()) {
            throw unexpected("the quote that ends a text");
        }
        at++;
        return string.toString();
    }

    private int escaped() {
        char escape = at < text.length() ? text.charAt(at++) : '\0';
        return switch (escape) {
            case '\\', '\'', '"' -> escape;
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'x' -> hexadecimal(2);
            case 'u' -> hexadecimal(4);
            case 'U' -> hexadecimal(8);
            default -> throw unexpected("an escape that Python writes before here");
        };
    }

    private int hexadecimal(int digits) {
        int end = at + digits;
        try {
            int point = Integer.parseInt(text, at, end, 16);
            if (Character.isValidCodePoint(point)) {
                at = end;
                return point;
            }
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            // Told below.
        }
        throw unexpected("a character in " + digits + " hexadecimal digits");
    }

    /// The next character that is no blank; NUL at the end.
    private char next() {
        while (at < text.length() && " \n\r\t".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private IllegalArgumentException unexpected(String expected) {
        return new IllegalArgumentException("expected " + expected + " at character " + at);
    }
}
