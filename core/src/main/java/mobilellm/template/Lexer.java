package mobilellm.template;

import mobilellm.template.Token.Kind;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Cuts a template into tokens, and removes the white space around tags as Transformers has Jinja do it:
/// `trim_blocks` (a line break right after a block or comment goes), `lstrip_blocks` (so does the indentation before
/// one that starts its line), and one final line break goes; `-` and `+` within a tag overrule this.
final class Lexer {
    /// Longest first.
    private static final List<String> OPERATORS =
            List.of(
                    "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(",
                    ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    private int lineCountedTo;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String source) {
        String normalised = source.replace("\r\n", "\n").replace('\r', '\n');
        if (normalised.endsWith("\n")) {
            normalised = normalised.substring(0, normalised.length() - 1);
        }
        Lexer lexer = new Lexer(normalised);
        lexer.template();
        return lexer.tokens;
    }

    private void template() {
        for (int begin = tagAt(position); begin >= 0; begin = tagAt(position)) {
            char kind = source.charAt(begin + 1);
            textUpTo(begin);
            switch (kind) {
                case '#' -> comment();
                case '{' -> {
                    add(Kind.PRINT_BEGIN, "{{");
                    inside(Kind.PRINT_END, "}}");
                }
                default -> {
                    int raw = afterKeyword("raw", position);
                    if (raw >= 0) {
                        position = raw;
                        rawText();
                    } else {
                        add(Kind.BLOCK_BEGIN, "{%");
                        inside(Kind.BLOCK_END, "%}");
                    }
                }
            }
        }
        addText(source.length());
        position = source.length();
        add(Kind.END, "");
    }

    private int tagAt(int from) {
        for (int brace = source.indexOf('{', from);
                brace >= 0 && brace + 1 < source.length();
                brace = source.indexOf('{', brace + 1)) {
            char next = source.charAt(brace + 1);
            if (next == '{' || next == '%' || next == '#') {
                return brace;
            }
        }
        return -1;
    }

    /// Adds the text before the tag at `begin`, and moves behind the tag's opening and its sign.
    private void textUpTo(int begin) {
        char kind = source.charAt(begin + 1);
        char sign = begin + 2 < source.length() ? source.charAt(begin + 2) : ' ';
        int end = begin;
        if (sign == '-') {
            while (end > position && PythonText.isSpace(source.charAt(end - 1))) {
                end--;
            }
        } else if (sign != '+' && kind != '{') {
            end = withoutIndentation(begin);
        }
        addText(end);
        position = begin + (sign == '-' || sign == '+' ? 3 : 2);
    }

    private int withoutIndentation(int begin) {
        int start = begin;
        while (start > position
                && source.charAt(start - 1) != '\n'
                && PythonText.isSpace(source.charAt(start - 1))) {
            start--;
        }
        return start == 0 || source.charAt(start - 1) == '\n' ? start : begin;
    }

    private void addText(int end) {
        if (end > position) {
            add(Kind.TEXT, source.substring(position, end));
        }
    }

    private void comment() {
        int end = source.indexOf("#}", position);
        if (end < 0) {
            throw error("a comment has no end; expected '#}'");
        }
        boolean strip = end > position && source.charAt(end - 1) == '-';
        boolean keep = end > position && source.charAt(end - 1) == '+';
        position = end + 2;
        afterTag(strip, !keep);
    }

    private void rawText() {
        for (int begin = source.indexOf("{%", position);
                begin >= 0;
                begin = source.indexOf("{%", begin + 1)) {
            boolean signed =
                    begin + 2 < source.length() && "-+".indexOf(source.charAt(begin + 2)) >= 0;
            int end = afterKeyword("endraw", begin + (signed ? 3 : 2));
            if (end >= 0) {
                textUpTo(begin);
                position = end;
                afterTag(false, source.charAt(end - 1) == '}' && source.charAt(end - 3) != '+');
                return;
            }
        }
        throw error("'raw' has no end; expected '{% endraw %}'");
    }

    /// Where the tag ends that holds only this word, or -1. White space behind a `-` belongs to the tag.
    private int afterKeyword(String keyword, int from) {
        int at = skipSpace(from);
        if (!source.startsWith(keyword, at)) {
            return -1;
        }
        at = skipSpace(at + keyword.length());
        if (source.startsWith("-%}", at)) {
            return skipSpace(at + 3);
        }
        if (source.startsWith("+%}", at)) {
            return at + 3;
        }
        return source.startsWith("%}", at) ? at + 2 : -1;
    }

    private void afterTag(boolean stripSpace, boolean trimLineBreak) {
        if (stripSpace) {
            position = skipSpace(position);
        } else if (trimLineBreak && source.startsWith("\n", position)) {
            position++;
        }
    }

    private int skipSpace(int from) {
        int at = from;
        while (at < source.length() && PythonText.isSpace(source.charAt(at))) {
            at++;
        }
        return at;
    }

    /// The tokens within a tag. Inside brackets, `}}` and `%}` are no ends: `{{ {'a': {}} }}`.
    private void inside(Kind endKind, String end) {
        Deque<String> brackets = new ArrayDeque<>();
        while (true) {
            position = skipSpace(position);
            if (position == source.length()) {
                throw error("the tag has no end; expected '" + end + "'");
            }
            if (brackets.isEmpty() && endOfTag(endKind, end)) {
                return;
            }
            int first = source.codePointAt(position);
            if (first >= '0' && first <= '9') {
                number();
            } else if (Character.isUnicodeIdentifierStart(first) || first == '_') {
                name();
            } else if (first == '"' || first == '\'') {
                string((char) first);
            } else {
                balance(brackets, operator());
            }
        }
    }

    private boolean endOfTag(Kind kind, String end) {
        boolean block = kind == Kind.BLOCK_END;
        boolean strip = source.startsWith("-" + end, position);
        boolean keep = block && source.startsWith("+" + end, position);
        if (!strip && !keep && !source.startsWith(end, position)) {
            return false;
        }
        add(kind, end);
        position += strip || keep ? 3 : 2;
        afterTag(strip, block && !keep);
        return true;
    }

    private String operator() {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, position)) {
                add(Kind.OPERATOR, operator);
                position += operator.length();
                return operator;
            }
        }
        throw error(
                "unexpected character '" + Character.toString(source.codePointAt(position)) + "'");
    }

    private void balance(Deque<String> brackets, String operator) {
        switch (operator) {
            case "(" -> brackets.push(")");
            case "[" -> brackets.push("]");
            case "{" -> brackets.push("}");
            case ")", "]", "}" -> {
                String expected = brackets.isEmpty() ? "an expression" : "'" + brackets.pop() + "'";
                if (!expected.equals("'" + operator + "'")) {
                    throw error("unexpected '" + operator + "', expected " + expected);
                }
            }
            default -> {}
        }
    }

    private void name() {
        int end = position;
        while (end < source.length()
                && Character.isUnicodeIdentifierPart(source.codePointAt(end))) {
            end += Character.charCount(source.codePointAt(end));
        }
        add(Kind.NAME, source.substring(position, end));
        position = end;
    }

    private void number() {
        // `a.0.1` is two subscripts, not one with 0.1.
        boolean subscript = position > 0 && source.charAt(position - 1) == '.';
        int end = digits(position);
        Kind kind = Kind.INTEGER;
        if (!subscript && isDigit(end + 1) && source.charAt(end) == '.') {
            end = digits(end + 1);
            kind = Kind.FLOAT;
        }
        if (!subscript && end < source.length() && "eE".indexOf(source.charAt(end)) >= 0) {
            boolean signed = end + 1 < source.length() && "+-".indexOf(source.charAt(end + 1)) >= 0;
            int exponent = end + (signed ? 2 : 1);
            if (isDigit(exponent)) {
                end = digits(exponent);
                kind = Kind.FLOAT;
            }
        }
        add(kind, source.substring(position, end).replace("_", ""));
        position = end;
    }

    private int digits(int from) {
        int end = from;
        while (isDigit(end)
                || (end < source.length() && source.charAt(end) == '_' && isDigit(end + 1))) {
            end++;
        }
        return end;
    }

    private boolean isDigit(int at) {
        return at < source.length() && source.charAt(at) >= '0' && source.charAt(at) <= '9';
    }

    private void string(char quote) {
        int end = position + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw error("a string has no end; expected " + quote);
        }
        String quoted = source.substring(position + 1, end);
        try {
            add(Kind.STRING, Escapes.resolve(quoted));
        } catch (EvaluationException e) {
            throw error(e.reason());
        }
        position = end + 1;
    }

    private void add(Kind kind, String text) {
        tokens.add(new Token(kind, text, lineAtPosition()));
    }

    private TemplateException error(String reason) {
        return new TemplateException(lineAtPosition(), reason);
    }

    private int lineAtPosition() {
        for (; lineCountedTo < position; lineCountedTo++) {
            if (source.charAt(lineCountedTo) == '\n') {
                line++;
            }
        }
        return line;
    }
}
