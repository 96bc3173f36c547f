package mobilellm.template;

import mobilellm.template.Statement.Branch;
import mobilellm.template.Statement.FilterCall;
import mobilellm.template.Statement.Macro;
import mobilellm.template.Statement.Parameter;
import mobilellm.template.Statement.Target;
import mobilellm.template.Token.Kind;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Parses a template into statements. A tag that is not known or not supported is an error here, before anything is
/// rendered.
final class Parser {
    private static final List<String> UNSUPPORTED =
            List.of("autoescape", "block", "do", "extends", "from", "import", "include", "trans");

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int loops;

    private Parser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Statement> parse(String source) {
        return new Parser(new TokenStream(Lexer.tokens(source))).template();
    }

    private List<Statement> template() {
        List<Statement> statements = new ArrayList<>();
        while (tokens.current().kind() != Kind.END) {
            statements.add(statement());
        }
        return statements;
    }

    /// The statements up to one of the end tags, which is left as the current token.
    private List<Statement> body(String opening, int line, List<String> ends) {
        tokens.enter();
        List<Statement> statements = new ArrayList<>();
        while (true) {
            if (tokens.current().kind() == Kind.END) {
                throw tokens.error(
                        "'%s' of line %d has no end; expected %s"
                                .formatted(opening, line, String.join(" or ", ends)));
            }
            if (tokens.current().kind() == Kind.BLOCK_BEGIN
                    && tokens.following().kind() == Kind.NAME
                    && ends.contains(tokens.following().text())) {
                tokens.next();
                tokens.leave();
                return statements;
            }
            statements.add(statement());
        }
    }

    /// The rest of a tag that begins a body, the body, and its end tag.
    private List<Statement> closedBody(String opening, int line) {
        endOfTag();
        String end = "end" + opening;
        List<Statement> body = body(opening, line, List.of(end));
        tokens.expectName(end);
        endOfTag();
        return body;
    }

    private void endOfTag() {
        tokens.expect(Kind.BLOCK_END, "the end of the tag");
    }

    private Statement statement() {
        Token begin = tokens.next();
        return switch (begin.kind()) {
            case TEXT -> new Statement.Text(begin.line(), begin.text());
            case PRINT_BEGIN -> {
                Expression value = expressions.expressionOrTuple();
                tokens.expect(Kind.PRINT_END, "'}}'");
                yield new Statement.Print(begin.line(), value);
            }
            default -> block(begin.line());
        };
    }

    private Statement block(int line) {
        String tag = tokens.expect(Kind.NAME, "the name of a tag").text();
        return switch (tag) {
            case "if" -> conditional(line);
            case "for" -> loop(line);
            case "set" -> set(line);
            case "with" -> with(line);
            case "macro" -> {
                String name = tokens.expectName();
                yield new Statement.MacroDefinition(line, macro(tag, name, line, parameters()));
            }
            case "call" -> call(line);
            case "filter" -> {
                List<FilterCall> filters = filters();
                yield new Statement.FilterBlock(line, filters, closedBody(tag, line));
            }
            case "generation" -> {
                int outerLoops = loops;
                loops = 0;
                Statement generation = new Statement.Generation(line, closedBody(tag, line));
                loops = outerLoops;
                yield generation;
            }
            case "break" -> {
                withinLoop(tag, line);
                yield new Statement.Break(line);
            }
            case "continue" -> {
                withinLoop(tag, line);
                yield new Statement.Continue(line);
            }
            default ->
                    throw new TemplateException(
                            line,
                            (UNSUPPORTED.contains(tag)
                                            ? "not supported: the tag '"
                                            : "unexpected tag '")
                                    + tag
                                    + "'");
        };
    }

    private void withinLoop(String tag, int line) {
        if (loops == 0) {
            throw new TemplateException(line, "'" + tag + "' outside of a loop");
        }
        endOfTag();
    }

    private Statement conditional(int line) {
        List<Branch> branches = new ArrayList<>();
        do {
            Expression condition = expressions.expressionOrTuple();
            endOfTag();
            branches.add(new Branch(condition, body("if", line, List.of("elif", "else", "endif"))));
        } while (tokens.skipName("elif"));
        List<Statement> otherwise = List.of();
        if (tokens.skipName("else")) {
            endOfTag();
            otherwise = body("if", line, List.of("endif"));
        }
        tokens.expectName("endif");
        endOfTag();
        return new Statement.If(line, branches, otherwise);
    }

    private Statement loop(int line) {
        Target target = target();
        tokens.expectName("in");
        Expression items = expressions.loopItems();
        Optional<Expression> condition =
                tokens.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
        // Every loop may call itself here, so the word changes nothing.
        tokens.skipName("recursive");
        endOfTag();
        loops++;
        List<Statement> body = body("for", line, List.of("else", "endfor"));
        loops--;
        List<Statement> otherwise = List.of();
        if (tokens.skipName("else")) {
            endOfTag();
            otherwise = body("for", line, List.of("endfor"));
        }
        tokens.expectName("endfor");
        endOfTag();
        return new Statement.For(line, target, items, condition, body, otherwise);
    }

    private Statement set(int line) {
        Target target = target();
        if (tokens.skipOperator("=")) {
            Expression value = expressions.expressionOrTuple();
            endOfTag();
            return new Statement.Set(line, target, value);
        }
        List<FilterCall> filters = tokens.skipOperator("|") ? filters() : List.of();
        return new Statement.SetBlock(line, target, filters, closedBody("set", line));
    }

    private List<FilterCall> filters() {
        List<FilterCall> filters = new ArrayList<>();
        do {
            filters.add(expressions.filter());
        } while (tokens.skipOperator("|"));
        return filters;
    }

    private Statement with(int line) {
        List<Statement.Set> assignments = new ArrayList<>();
        while (tokens.current().kind() != Kind.BLOCK_END) {
            Target target = target();
            tokens.expectOperator("=");
            assignments.add(new Statement.Set(line, target, expressions.expression()));
            if (tokens.current().kind() != Kind.BLOCK_END) {
                tokens.expectOperator(",");
            }
        }
        return new Statement.With(line, assignments, closedBody("with", line));
    }

    private Statement call(int line) {
        List<Parameter> parameters = tokens.atOperator("(") ? parameters() : List.of();
        if (!(expressions.expression() instanceof Expression.Call call)) {
            throw new TemplateException(line, "'call' needs the call of a macro");
        }
        return new Statement.CallBlock(line, call, macro("call", "caller", line, parameters));
    }

    private Macro macro(String tag, String name, int line, List<Parameter> parameters) {
        int outerLoops = loops;
        loops = 0;
        Set<String> outerNames = expressions.startNamesRead();
        List<Statement> body = closedBody(tag, line);
        Set<String> names = expressions.namesRead(outerNames);
        loops = outerLoops;
        return new Macro(
                name, parameters, body, names.contains("varargs"), names.contains("kwargs"));
    }

    private List<Parameter> parameters() {
        tokens.expectOperator("(");
        List<Parameter> parameters = new ArrayList<>();
        while (!tokens.skipOperator(")")) {
            String name = tokens.expectName();
            Optional<Expression> fallback =
                    tokens.skipOperator("=")
                            ? Optional.of(expressions.expression())
                            : Optional.empty();
            parameters.add(new Parameter(name, fallback));
            if (!tokens.atOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        return parameters;
    }

    /// What is assigned to: a name, `namespace.attribute`, or several with commas between them.
    private Target target() {
        Target first = singleTarget();
        if (!tokens.atOperator(",")) {
            return first;
        }
        List<Target> targets = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",")
                && (tokens.atOperator("(") || tokens.current().kind() == Kind.NAME)) {
            targets.add(singleTarget());
        }
        return new Statement.Unpacking(targets);
    }

    private Target singleTarget() {
        if (tokens.skipOperator("(")) {
            tokens.enter();
            Target inner = target();
            tokens.leave();
            tokens.expectOperator(")");
            return inner;
        }
        String name = tokens.expectName();
        return tokens.skipOperator(".")
                ? new Statement.NamespaceAttribute(name, tokens.expectName())
                : new Statement.Variable(name);
    }
}
