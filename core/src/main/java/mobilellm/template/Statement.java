package mobilellm.template;

import java.util.List;
import java.util.Optional;

/// What writes text or sets variables: the syntax tree of a template. Statements carry the line on which their tag
/// begins, for messages.
sealed interface Statement {
    int line();

    record Text(int line, String text) implements Statement {}

    record Print(int line, Expression value) implements Statement {}

    record If(int line, List<Branch> branches, List<Statement> otherwise) implements Statement {}

    record Branch(Expression condition, List<Statement> body) {}

    /// A loop.
    ///
    /// @param condition of `for x in items if condition`
    record For(
            int line,
            Target target,
            Expression items,
            Optional<Expression> condition,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {}

    record Break(int line) implements Statement {}

    record Continue(int line) implements Statement {}

    record Set(int line, Target target, Expression value) implements Statement {}

    /// `{% set target | filter %}body{% endset %}`
    record SetBlock(int line, Target target, List<FilterCall> filters, List<Statement> body)
            implements Statement {}

    record FilterBlock(int line, List<FilterCall> filters, List<Statement> body)
            implements Statement {}

    record FilterCall(Filters.Filter filter, Expression.CallArguments arguments) {}

    record With(int line, List<Set> assignments, List<Statement> body) implements Statement {}

    record MacroDefinition(int line, Macro macro) implements Statement {}

    /// `{% call(parameters) callee(...) %}body{% endcall %}`: the callee finds the body as the macro `caller`.
    record CallBlock(int line, Expression.Call call, Macro caller) implements Statement {}

    record Generation(int line, List<Statement> body) implements Statement {}

    /// A function whose value is the text that its body writes.
    ///
    /// @param usesVarargs whether the body reads `varargs`, and so takes any number of arguments
    /// @param usesKwargs whether the body reads `kwargs`, and so takes any named argument
    record Macro(
            String name,
            List<Parameter> parameters,
            List<Statement> body,
            boolean usesVarargs,
            boolean usesKwargs) {}

    record Parameter(String name, Optional<Expression> fallback) {}

    /// What a value is assigned to.
    sealed interface Target {}

    record Variable(String name) implements Target {}

    /// `name.attribute` of a namespace.
    record NamespaceAttribute(String name, String attribute) implements Target {}

    record Unpacking(List<Target> targets) implements Target {}
}
