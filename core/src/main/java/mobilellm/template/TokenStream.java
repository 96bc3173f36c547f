package mobilellm.template;

import mobilellm.template.Token.Kind;

import java.util.List;

/// The tokens of a template with a place in them, as both parsers see them.
final class TokenStream {
    /// Nested brackets and blocks. Keeps the parsers' own recursion well within any thread's stack.
    private static final int DEEPEST_NESTING = 100;

    private final List<Token> tokens;
    private int position;
    private int nesting;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(position);
    }

    Token following() {
        return tokens.get(Math.min(position + 1, tokens.size() - 1));
    }

    int line() {
        return current().line();
    }

    /// Returns the current token and moves on; stays at the end.
    Token next() {
        Token token = current();
        position = Math.min(position + 1, tokens.size() - 1);
        return token;
    }

    boolean atOperator(String text) {
        return current().is(Kind.OPERATOR, text);
    }

    boolean atName(String text) {
        return current().is(Kind.NAME, text);
    }

    boolean skipOperator(String text) {
        return skip(atOperator(text));
    }

    boolean skipName(String text) {
        return skip(atName(text));
    }

    private boolean skip(boolean found) {
        if (found) {
            next();
        }
        return found;
    }

    void expectOperator(String text) {
        if (!skipOperator(text)) {
            throw expected("'" + text + "'");
        }
    }

    void expectName(String text) {
        if (!skipName(text)) {
            throw expected("'" + text + "'");
        }
    }

    String expectName() {
        return expect(Kind.NAME, "a name").text();
    }

    Token expect(Kind kind, String description) {
        if (current().kind() != kind) {
            throw expected(description);
        }
        return next();
    }

    TemplateException expected(String description) {
        return error("expected " + description + ", got " + current().describe());
    }

    TemplateException error(String reason) {
        return new TemplateException(line(), reason);
    }

    void enter() {
        nesting++;
        if (nesting > DEEPEST_NESTING) {
            throw error("nested more than " + DEEPEST_NESTING + " levels deep");
        }
    }

    void leave() {
        nesting--;
    }
}
