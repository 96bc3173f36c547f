package mobilellm.template;

import mobilellm.template.Expression.And;
import mobilellm.template.Expression.Attribute;
import mobilellm.template.Expression.Calculation;
import mobilellm.template.Expression.Call;
import mobilellm.template.Expression.CallArguments;
import mobilellm.template.Expression.Comparison;
import mobilellm.template.Expression.Concatenation;
import mobilellm.template.Expression.Conditional;
import mobilellm.template.Expression.DictLiteral;
import mobilellm.template.Expression.Filtered;
import mobilellm.template.Expression.Item;
import mobilellm.template.Expression.ListLiteral;
import mobilellm.template.Expression.Literal;
import mobilellm.template.Expression.Name;
import mobilellm.template.Expression.NamedArgument;
import mobilellm.template.Expression.Not;
import mobilellm.template.Expression.Or;
import mobilellm.template.Expression.Pair;
import mobilellm.template.Expression.Sign;
import mobilellm.template.Expression.Slice;
import mobilellm.template.Expression.Step;
import mobilellm.template.Expression.Tested;
import mobilellm.template.Expression.TupleLiteral;
import mobilellm.template.Value.Array;
import mobilellm.template.Value.Bool;
import mobilellm.template.Value.Dict;
import mobilellm.template.Value.DictKey;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Computes the values of expressions.
record Evaluator(Budget budget) {
    Value evaluate(Expression expression, Scope scope) {
        budget.enter();
        Value value =
                switch (expression) {
                    case Literal(Value literal) -> literal;
                    case Name(String name) -> scope.get(name);
                    case ListLiteral(List<Expression> items) -> new Array(all(items, scope));
                    case TupleLiteral(List<Expression> items) -> Tuple.of(all(items, scope));
                    case DictLiteral(List<Pair> pairs) -> dict(pairs, scope);
                    case Not(Expression operand) -> Bool.of(!truth(operand, scope));
                    case And(Expression left, Expression right) -> {
                        Value first = evaluate(left, scope);
                        yield Operators.truth(first) ? evaluate(right, scope) : first;
                    }
                    case Or(Expression left, Expression right) -> {
                        Value first = evaluate(left, scope);
                        yield Operators.truth(first) ? first : evaluate(right, scope);
                    }
                    case Sign(boolean negative, Expression operand) ->
                            Arithmetic.sign(negative, evaluate(operand, scope));
                    case Calculation(
                                    Arithmetic.Operator operator,
                                    Expression left,
                                    Expression right) ->
                            Arithmetic.calculate(
                                    budget,
                                    operator,
                                    evaluate(left, scope),
                                    evaluate(right, scope));
                    case Concatenation(List<Expression> parts) -> concatenation(parts, scope);
                    case Comparison(Expression first, List<Step> steps) ->
                            comparison(first, steps, scope);
                    case Conditional(Expression condition, Expression then, Expression otherwise) ->
                            evaluate(truth(condition, scope) ? then : otherwise, scope);
                    case Attribute(Expression target, String name) ->
                            Attributes.attribute(evaluate(target, scope), name);
                    case Item(Expression target, Expression key) -> {
                        Value container = measured(evaluate(target, scope));
                        yield Attributes.item(container, evaluate(key, scope));
                    }
                    case Slice(
                                    Expression target,
                                    Expression start,
                                    Expression stop,
                                    Expression step) ->
                            Attributes.slice(
                                    measured(evaluate(target, scope)),
                                    evaluate(start, scope),
                                    evaluate(stop, scope),
                                    evaluate(step, scope));
                    case Call(Expression callee, CallArguments arguments) ->
                            call(evaluate(callee, scope), arguments(arguments, scope));
                    case Filtered(
                                    Expression input,
                                    Filters.Filter filter,
                                    CallArguments arguments) ->
                            filter(filter, evaluate(input, scope), arguments(arguments, scope));
                    case Tested(Expression input, Tests.Test test, CallArguments arguments) ->
                            Bool.of(
                                    test.holds(
                                            budget,
                                            measured(evaluate(input, scope)),
                                            arguments(arguments, scope)));
                };
        budget.leave();
        return value;
    }

    boolean truth(Expression expression, Scope scope) {
        return Operators.truth(evaluate(expression, scope));
    }

    /// What a loop over the value runs over.
    List<Value> iterate(Value value) {
        return Operators.iterate(measured(value));
    }

    Value filter(Filters.Filter filter, Value input, Arguments arguments) {
        return measured(filter.apply(budget, measured(input), arguments));
    }

    Value call(Value callee, Arguments arguments) {
        return switch (callee) {
            case Value.Function function -> {
                budget.enter();
                Value result = measured(function.body().call(budget, arguments));
                budget.leave();
                yield result;
            }
            case Loop loop -> call(loop.recursion(), arguments);
            case Value.Undefined(String message) -> throw new EvaluationException(message);
            default ->
                    throw new EvaluationException(
                            "'" + Value.typeName(callee) + "' object is not callable");
        };
    }

    Arguments arguments(CallArguments arguments, Scope scope) {
        if (arguments.positional().isEmpty() && arguments.named().isEmpty()) {
            return Arguments.NONE;
        }
        Map<String, Value> named = new LinkedHashMap<>();
        List<Value> positional = all(arguments.positional(), scope);
        for (NamedArgument argument : arguments.named()) {
            Value value = measured(evaluate(argument.value(), scope));
            if (named.put(argument.name(), value) != null) {
                throw new EvaluationException("two arguments are named '" + argument.name() + "'");
            }
        }
        positional.forEach(budget::spendOn);
        return new Arguments(positional, named);
    }

    /// Pays for reading or making the value.
    private Value measured(Value value) {
        budget.spendOn(value);
        return value;
    }

    private List<Value> all(List<Expression> expressions, Scope scope) {
        List<Value> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Dict dict(List<Pair> pairs, Scope scope) {
        Map<DictKey, Value> entries = new LinkedHashMap<>();
        for (Pair pair : pairs) {
            entries.put(new DictKey(evaluate(pair.key(), scope)), evaluate(pair.value(), scope));
        }
        return new Dict(entries);
    }

    private Text concatenation(List<Expression> parts, Scope scope) {
        Output output = new Output(budget);
        for (Expression part : parts) {
            output.append(Printer.text(budget, evaluate(part, scope)));
        }
        return output.toValue();
    }

    private Bool comparison(Expression first, List<Step> steps, Scope scope) {
        Value left = evaluate(first, scope);
        for (Step step : steps) {
            Value right = evaluate(step.right(), scope);
            if (!Operators.compare(budget, step.operator(), left, right)) {
                return Bool.FALSE;
            }
            left = right;
        }
        return Bool.TRUE;
    }
}
