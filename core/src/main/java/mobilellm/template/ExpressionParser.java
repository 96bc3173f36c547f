package mobilellm.template;

import mobilellm.template.Expression.Calculation;
import mobilellm.template.Expression.CallArguments;
import mobilellm.template.Expression.Comparison;
import mobilellm.template.Expression.Literal;
import mobilellm.template.Expression.NamedArgument;
import mobilellm.template.Expression.Pair;
import mobilellm.template.Expression.Step;
import mobilellm.template.Token.Kind;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Undefined;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Parses what stands within tags. One method per level of precedence, loosest first, as in Jinja's grammar: a
/// conditional, `or`, `and`, `not`, comparisons, `+ -`, `~`, `* / // %`, `**` (from the left), signs, subscripts and
/// calls, filters and tests.
final class ExpressionParser {
    private static final int MOST_DIGITS = 1000;
    private static final Literal NOT_WRITTEN = new Literal(None.NONE);

    private final TokenStream tokens;
    private Set<String> namesRead = new HashSet<>();

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    /// Begins a new set of [#namesRead] and returns the old one.
    Set<String> startNamesRead() {
        return namesRead(new HashSet<>());
    }

    /// Returns the names read since, and goes on with the older set.
    Set<String> namesRead(Set<String> older) {
        Set<String> read = namesRead;
        namesRead = older;
        return read;
    }

    Expression expression() {
        tokens.enter();
        Expression result = or();
        while (tokens.skipName("if")) {
            Expression condition = or();
            Expression otherwise =
                    tokens.skipName("else")
                            ? expression()
                            : new Literal(
                                    new Undefined("the condition is false and there is no 'else'"));
            result = new Expression.Conditional(condition, result, otherwise);
        }
        tokens.leave();
        return result;
    }

    /// One expression, or several with commas between them, which are a tuple.
    Expression expressionOrTuple() {
        Expression first = expression();
        return tokens.atOperator(",") ? tuple(first, true) : first;
    }

    /// What `for x in ...` runs over: there, `if` starts the loop's condition.
    Expression loopItems() {
        Expression first = or();
        return tokens.atOperator(",") ? tuple(first, false) : first;
    }

    private Expression tuple(Expression first, boolean conditionals) {
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",") && startsExpression()) {
            items.add(conditionals ? expression() : or());
        }
        return new Expression.TupleLiteral(items);
    }

    private boolean startsExpression() {
        Token token = tokens.current();
        return switch (token.kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !token.text().equals("if") && !token.text().equals("recursive");
            case OPERATOR -> List.of("(", "[", "{", "-", "+").contains(token.text());
            case TEXT, PRINT_BEGIN, PRINT_END, BLOCK_BEGIN, BLOCK_END, END -> false;
        };
    }

    private Expression or() {
        Expression left = and();
        while (tokens.skipName("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.skipName("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        if (!tokens.skipName("not")) {
            return comparison();
        }
        tokens.enter();
        Expression operand = not();
        tokens.leave();
        return new Expression.Not(operand);
    }

    private Expression comparison() {
        Expression first = sum();
        List<Step> steps = new ArrayList<>();
        for (Optional<Operators.Comparison> operator = comparisonOperator();
                operator.isPresent();
                operator = comparisonOperator()) {
            steps.add(new Step(operator.get(), sum()));
        }
        return steps.isEmpty() ? first : new Comparison(first, steps);
    }

    private Optional<Operators.Comparison> comparisonOperator() {
        if (tokens.skipName("in")) {
            return Optional.of(Operators.Comparison.IN);
        }
        if (tokens.atName("not") && tokens.following().is(Kind.NAME, "in")) {
            tokens.next();
            tokens.next();
            return Optional.of(Operators.Comparison.NOT_IN);
        }
        for (Operators.Comparison operator : Operators.Comparison.values()) {
            if (tokens.skipOperator(operator.symbol())) {
                return Optional.of(operator);
            }
        }
        return Optional.empty();
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.atOperator("+") || tokens.atOperator("-")) {
            Arithmetic.Operator operator = Arithmetic.Operator.of(tokens.next().text());
            left = new Calculation(operator, left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression first = product();
        if (!tokens.atOperator("~")) {
            return first;
        }
        List<Expression> parts = new ArrayList<>(List.of(first));
        while (tokens.skipOperator("~")) {
            parts.add(product());
        }
        return new Expression.Concatenation(parts);
    }

    private Expression product() {
        Expression left = power();
        while (tokens.atOperator("*")
                || tokens.atOperator("/")
                || tokens.atOperator("//")
                || tokens.atOperator("%")) {
            Arithmetic.Operator operator = Arithmetic.Operator.of(tokens.next().text());
            left = new Calculation(operator, left, power());
        }
        return left;
    }

    private Expression power() {
        Expression left = filtered(unary());
        while (tokens.skipOperator("**")) {
            left = new Calculation(Arithmetic.Operator.POWER, left, filtered(unary()));
        }
        return left;
    }

    private Expression unary() {
        boolean negative = tokens.atOperator("-");
        if (!negative && !tokens.atOperator("+")) {
            return subscripted(primary());
        }
        tokens.next();
        tokens.enter();
        Expression operand = unary();
        tokens.leave();
        return new Expression.Sign(negative, operand);
    }

    private Expression primary() {
        Token token = tokens.current();
        return switch (token.kind()) {
            case NAME -> name(tokens.next().text());
            case STRING -> strings();
            case INTEGER -> new Literal(integer(tokens.next().text()));
            case FLOAT -> new Literal(new Value.Real(Double.parseDouble(tokens.next().text())));
            case OPERATOR ->
                    switch (token.text()) {
                        case "(" -> parentheses();
                        case "[" -> {
                            tokens.next();
                            yield new Expression.ListLiteral(expressionsUpTo("]"));
                        }
                        case "{" -> dict();
                        default -> throw tokens.error("unexpected " + token.describe());
                    };
            case TEXT, PRINT_BEGIN, PRINT_END, BLOCK_BEGIN, BLOCK_END, END ->
                    throw tokens.expected("an expression");
        };
    }

    private Expression name(String name) {
        return switch (name) {
            case "true", "True" -> new Literal(Value.Bool.TRUE);
            case "false", "False" -> new Literal(Value.Bool.FALSE);
            case "none", "None" -> new Literal(None.NONE);
            default -> {
                namesRead.add(name);
                yield new Expression.Name(name);
            }
        };
    }

    /// Strings that stand side by side are one.
    private Expression strings() {
        StringBuilder text = new StringBuilder();
        while (tokens.current().kind() == Kind.STRING) {
            text.append(tokens.next().text());
        }
        return new Literal(new Value.Text(text.toString()));
    }

    private Value integer(String digits) {
        if (digits.length() > MOST_DIGITS) {
            throw tokens.error("an integer of more than " + MOST_DIGITS + " digits");
        }
        return new Value.Int(new BigInteger(digits));
    }

    private Expression parentheses() {
        tokens.next();
        if (tokens.skipOperator(")")) {
            return new Expression.TupleLiteral(List.of());
        }
        Expression inner = expressionOrTuple();
        tokens.expectOperator(")");
        return inner;
    }

    private List<Expression> expressionsUpTo(String end) {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skipOperator(end)) {
            items.add(expression());
            if (!tokens.atOperator(end)) {
                tokens.expectOperator(",");
            }
        }
        return items;
    }

    private Expression dict() {
        tokens.next();
        List<Pair> pairs = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            Expression key = expression();
            tokens.expectOperator(":");
            pairs.add(new Pair(key, expression()));
            if (!tokens.atOperator("}")) {
                tokens.expectOperator(",");
            }
        }
        return new Expression.DictLiteral(pairs);
    }

    private Expression subscripted(Expression target) {
        Expression result = target;
        while (true) {
            if (tokens.skipOperator(".")) {
                Token name = tokens.next();
                result =
                        switch (name.kind()) {
                            case NAME -> new Expression.Attribute(result, name.text());
                            case INTEGER ->
                                    new Expression.Item(result, new Literal(integer(name.text())));
                            default ->
                                    throw new TemplateException(
                                            name.line(),
                                            "expected a name or a number after '.', got "
                                                    + name.describe());
                        };
            } else if (tokens.skipOperator("[")) {
                result = subscript(result);
            } else if (tokens.atOperator("(")) {
                result = new Expression.Call(result, arguments());
            } else {
                return result;
            }
        }
    }

    private Expression subscript(Expression target) {
        Expression start = tokens.atOperator(":") ? NOT_WRITTEN : expressionOrTuple();
        if (tokens.skipOperator("]")) {
            return new Expression.Item(target, start);
        }
        tokens.expectOperator(":");
        Expression stop = sliceBound();
        Expression step = tokens.skipOperator(":") ? sliceBound() : NOT_WRITTEN;
        tokens.expectOperator("]");
        return new Expression.Slice(target, start, stop, step);
    }

    private Expression sliceBound() {
        return tokens.atOperator(":") || tokens.atOperator("]") ? NOT_WRITTEN : expression();
    }

    private CallArguments arguments() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        List<NamedArgument> named = new ArrayList<>();
        while (!tokens.skipOperator(")")) {
            if (tokens.atOperator("*") || tokens.atOperator("**")) {
                throw tokens.error("unpacking arguments with '*' is not supported");
            }
            if (tokens.current().kind() == Kind.NAME && tokens.following().is(Kind.OPERATOR, "=")) {
                String name = tokens.expectName();
                tokens.expectOperator("=");
                named.add(new NamedArgument(name, expression()));
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw tokens.error("an argument without a name after one with a name");
            }
            if (!tokens.atOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        return new CallArguments(positional, named);
    }

    private Expression filtered(Expression input) {
        Expression result = input;
        while (true) {
            if (tokens.skipOperator("|")) {
                Statement.FilterCall call = filter();
                result = new Expression.Filtered(result, call.filter(), call.arguments());
            } else if (tokens.skipName("is")) {
                result = test(result);
            } else if (tokens.atOperator("(")) {
                result = new Expression.Call(result, arguments());
            } else {
                return result;
            }
        }
    }

    /// A filter's name and arguments, behind the `|`.
    Statement.FilterCall filter() {
        Token name = tokens.expect(Kind.NAME, "the name of a filter");
        Filters.Filter filter =
                Filters.named(name.text())
                        .orElseThrow(
                                () ->
                                        new TemplateException(
                                                name.line(),
                                                "no filter is named '" + name.text() + "'"));
        return new Statement.FilterCall(
                filter, tokens.atOperator("(") ? arguments() : CallArguments.NONE);
    }

    private Expression test(Expression input) {
        boolean negated = tokens.skipName("not");
        Token name = tokens.expect(Kind.NAME, "the name of a test");
        Tests.Test test =
                Tests.named(name.text())
                        .orElseThrow(
                                () ->
                                        new TemplateException(
                                                name.line(),
                                                "no test is named '" + name.text() + "'"));
        Expression tested = new Expression.Tested(input, test, testArguments());
        return negated ? new Expression.Not(tested) : tested;
    }

    /// A test's one argument needs no parentheses: `x is divisibleby 3`.
    private CallArguments testArguments() {
        if (tokens.atOperator("(")) {
            return arguments();
        }
        Token token = tokens.current();
        boolean follows =
                switch (token.kind()) {
                    case STRING, INTEGER, FLOAT -> true;
                    case NAME ->
                            !List.of("else", "or", "and", "is", "if", "in", "not")
                                    .contains(token.text());
                    case OPERATOR -> token.text().equals("[") || token.text().equals("{");
                    case TEXT, PRINT_BEGIN, PRINT_END, BLOCK_BEGIN, BLOCK_END, END -> false;
                };
        return follows
                ? new CallArguments(List.of(subscripted(primary())), List.of())
                : CallArguments.NONE;
    }
}
