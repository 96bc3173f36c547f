package mobilellm.template;

import mobilellm.template.Value.Array;
import mobilellm.template.Value.Bool;
import mobilellm.template.Value.Dict;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Real;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;
import mobilellm.template.Value.Undefined;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/// Jinja's tests: what stands behind `is`, and names a condition in `select` and its like.
final class Tests {
    private static final Map<String, Test> TESTS = new HashMap<>();

    private Tests() {}

    interface Test {
        boolean holds(Budget budget, Value value, Arguments arguments);
    }

    static {
        asks("defined", value -> !(value instanceof Undefined));
        asks("undefined", value -> value instanceof Undefined);
        asks("none", value -> value instanceof None);
        asks("string", value -> value instanceof Text);
        asks(
                "number",
                value -> value instanceof Int || value instanceof Real || value instanceof Bool);
        asks("integer", value -> value instanceof Int);
        asks("float", value -> value instanceof Real);
        asks("boolean", value -> value instanceof Bool);
        asks("true", Bool.TRUE::equals);
        asks("false", Bool.FALSE::equals);
        asks("mapping", value -> value instanceof Dict);
        asks("sequence", Tests::isSequence);
        asks("iterable", value -> isSequence(value) || value instanceof Value.Generator);
        asks("callable", value -> value instanceof Value.Function);
        asks("even", value -> !integer(value).testBit(0));
        asks("odd", value -> integer(value).testBit(0));
        asks(
                "lower",
                value -> value instanceof Text(String text) && PythonText.allCased(text, false));
        asks(
                "upper",
                value -> value instanceof Text(String text) && PythonText.allCased(text, true));
        asks(
                "filter",
                value -> value instanceof Text(String name) && Filters.named(name).isPresent());
        asks("test", value -> value instanceof Text(String name) && named(name).isPresent());
        compares(Operators.Comparison.EQUAL, "eq", "equalto", "==");
        compares(Operators.Comparison.NOT_EQUAL, "ne", "!=");
        compares(Operators.Comparison.LESS, "lt", "lessthan", "<");
        compares(Operators.Comparison.LESS_OR_EQUAL, "le", "<=");
        compares(Operators.Comparison.GREATER, "gt", "greaterthan", ">");
        compares(Operators.Comparison.GREATER_OR_EQUAL, "ge", ">=");
        compares(Operators.Comparison.IN, "in");
        relates("sameas", Operators::same);
        relates("divisibleby", Tests::isDivisible);
    }

    static Optional<Test> named(String name) {
        return Optional.ofNullable(TESTS.get(name));
    }

    private static void asks(String name, Predicate<Value> predicate) {
        TESTS.put(
                name,
                (_, value, arguments) -> {
                    arguments.bind("the test '" + name + "'", List.of());
                    return predicate.test(value);
                });
    }

    private static void relates(String name, BiPredicate<Value, Value> predicate) {
        TESTS.put(name, (_, value, arguments) -> predicate.test(value, other(name, arguments)));
    }

    private static void compares(Operators.Comparison operator, String... names) {
        for (String name : names) {
            TESTS.put(
                    name,
                    (budget, value, arguments) ->
                            Operators.compare(budget, operator, value, other(name, arguments)));
        }
    }

    private static Value other(String test, Arguments arguments) {
        return arguments.bind("the test '" + test + "'", List.of("other")).value(0);
    }

    private static boolean isSequence(Value value) {
        return switch (value) {
            case Undefined _, Text _, Array _, Tuple _, Dict _, Value.Listing _ -> true;
            case None _,
                    Bool _,
                    Int _,
                    Real _,
                    Value.Generator _,
                    Value.Namespace _,
                    Value.Function _,
                    Loop _ ->
                    false;
        };
    }

    private static boolean isDivisible(Value value, Value divisor) {
        BigInteger number = integer(divisor);
        if (number.signum() == 0) {
            throw new EvaluationException("integer modulo by zero");
        }
        return integer(value).remainder(number).signum() == 0;
    }

    private static BigInteger integer(Value value) {
        return Operators.integer(value)
                .orElseThrow(
                        () ->
                                new EvaluationException(
                                        "an int is needed, not " + Value.typeName(value)));
    }
}
