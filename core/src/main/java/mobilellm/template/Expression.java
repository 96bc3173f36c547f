package mobilellm.template;

import java.util.List;

/// What has a value: the syntax tree within a tag.
sealed interface Expression {
    record Literal(Value value) implements Expression {}

    record Name(String name) implements Expression {}

    record ListLiteral(List<Expression> items) implements Expression {}

    record TupleLiteral(List<Expression> items) implements Expression {}

    record DictLiteral(List<Pair> pairs) implements Expression {}

    record Pair(Expression key, Expression value) {}

    record Not(Expression operand) implements Expression {}

    record And(Expression left, Expression right) implements Expression {}

    record Or(Expression left, Expression right) implements Expression {}

    /// `+` or `-` before a number.
    record Sign(boolean negative, Expression operand) implements Expression {}

    record Calculation(Arithmetic.Operator operator, Expression left, Expression right)
            implements Expression {}

    /// `a ~ b ~ c`
    record Concatenation(List<Expression> parts) implements Expression {}

    /// `a < b <= c`: every step compares the value before it with its own.
    record Comparison(Expression first, List<Step> steps) implements Expression {}

    record Step(Operators.Comparison operator, Expression right) {}

    /// `then if condition else otherwise`
    record Conditional(Expression condition, Expression then, Expression otherwise)
            implements Expression {}

    record Attribute(Expression target, String name) implements Expression {}

    record Item(Expression target, Expression key) implements Expression {}

    /// Bounds that are not written are `None`.
    record Slice(Expression target, Expression start, Expression stop, Expression step)
            implements Expression {}

    record Call(Expression callee, CallArguments arguments) implements Expression {}

    record Filtered(Expression input, Filters.Filter filter, CallArguments arguments)
            implements Expression {}

    record Tested(Expression input, Tests.Test test, CallArguments arguments)
            implements Expression {}

    record CallArguments(List<Expression> positional, List<NamedArgument> named) {
        static final CallArguments NONE = new CallArguments(List.of(), List.of());
    }

    record NamedArgument(String name, Expression value) {}
}
