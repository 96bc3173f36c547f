package mobilellm.template;

import mobilellm.template.Arguments.Bound;
import mobilellm.template.Value.Generator;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Undefined;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// Jinja's filters that take the name of a filter, a test or an attribute: `map`, `select` and their like.
final class SelectionFilters {
    private SelectionFilters() {}

    static void define() {
        Filters.define("map", SelectionFilters::map);
        Filters.define("select", (budget, input, a) -> select(budget, input, a, false, true));
        Filters.define("reject", (budget, input, a) -> select(budget, input, a, false, false));
        Filters.define("selectattr", (budget, input, a) -> select(budget, input, a, true, true));
        Filters.define("rejectattr", (budget, input, a) -> select(budget, input, a, true, false));
    }

    private static Value map(Budget budget, Value input, Arguments arguments) {
        List<Value> results = new ArrayList<>();
        if (arguments.named().containsKey("attribute")) {
            Bound bound = arguments.bind("the filter 'map'", List.of("attribute", "default"));
            UnaryOperator<Value> attribute = attribute(bound, 0);
            for (Value item : Operators.iterate(input)) {
                Value value = attribute.apply(item);
                results.add(value instanceof Undefined && bound.has(1) ? bound.value(1) : value);
            }
            return new Generator(results);
        }
        String name = name(arguments, "the name of a filter, or attribute='...'");
        Filters.Filter filter =
                Filters.named(name)
                        .orElseThrow(
                                () -> new EvaluationException("no filter is named '" + name + "'"));
        Arguments others = others(arguments, 1);
        for (Value item : Operators.iterate(input)) {
            budget.spend(1);
            budget.spendOn(item);
            Value result = filter.apply(budget, item, others);
            budget.spendOn(result);
            results.add(result);
        }
        return new Generator(results);
    }

    private static Value select(
            Budget budget, Value input, Arguments arguments, boolean byAttribute, boolean keep) {
        UnaryOperator<Value> part =
                byAttribute
                        ? attribute(new Text(name(arguments, "the name of an attribute")))
                        : UnaryOperator.identity();
        Arguments condition = others(arguments, byAttribute ? 1 : 0);
        List<Value> selected = new ArrayList<>();
        for (Value item : Operators.iterate(input)) {
            Value tested = part.apply(item);
            budget.spend(1);
            budget.spendOn(tested);
            if (holds(budget, tested, condition) == keep) {
                selected.add(item);
            }
        }
        return new Generator(selected);
    }

    private static boolean holds(Budget budget, Value value, Arguments condition) {
        if (condition.positional().isEmpty()) {
            return Operators.truth(value);
        }
        String name = name(condition, "the name of a test");
        Tests.Test test =
                Tests.named(name)
                        .orElseThrow(
                                () -> new EvaluationException("no test is named '" + name + "'"));
        return test.holds(budget, value, others(condition, 1));
    }

    private static String name(Arguments arguments, String expected) {
        if (!arguments.positional().isEmpty()
                && arguments.positional().getFirst() instanceof Text(String name)) {
            return name;
        }
        throw new EvaluationException("expected " + expected);
    }

    private static Arguments others(Arguments arguments, int from) {
        return from == 0
                ? arguments
                : new Arguments(
                        arguments.positional().subList(from, arguments.positional().size()),
                        arguments.named());
    }

    /// The attribute that the parameter names, or the value itself where it is not given.
    static UnaryOperator<Value> attribute(Bound arguments, int parameter) {
        Value path = arguments.value(parameter, None.NONE);
        return path instanceof None ? UnaryOperator.identity() : attribute(path);
    }

    /// Likewise, for several attributes with commas between them.
    static List<UnaryOperator<Value>> attributes(Bound arguments, int parameter) {
        if (!(arguments.value(parameter, None.NONE) instanceof Text(String paths))) {
            return List.of(attribute(arguments, parameter));
        }
        List<UnaryOperator<Value>> attributes = new ArrayList<>();
        for (String path : PythonText.split(paths, ",", Long.MAX_VALUE)) {
            attributes.add(attribute(new Text(path)));
        }
        return attributes;
    }

    /// An attribute by a path such as `a.b.0`, or an index.
    private static UnaryOperator<Value> attribute(Value path) {
        if (!(path instanceof Text(String text))) {
            return value -> Attributes.item(value, path);
        }
        List<Value> keys = new ArrayList<>();
        for (String part : PythonText.split(text, ".", Long.MAX_VALUE)) {
            boolean index = part.length() < 10 && PythonText.allMatch(part, Character::isDigit);
            keys.add(index ? Int.of(Integer.parseInt(part)) : new Text(part));
        }
        return value -> {
            Value result = value;
            for (Value key : keys) {
                result = Attributes.item(result, key);
            }
            return result;
        };
    }
}
