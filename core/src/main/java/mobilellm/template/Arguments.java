package mobilellm.template;

import mobilellm.template.Value.Int;
import mobilellm.template.Value.Text;

import org.jspecify.annotations.Nullable;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The arguments of a call.
record Arguments(List<Value> positional, Map<String, Value> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /// The arguments as the parameters of a function, in their order, by position or by name.
    Bound bind(String function, List<String> parameters) {
        if (positional.size() > parameters.size()) {
            throw new EvaluationException(
                    "%s takes at most %d arguments, got %d"
                            .formatted(function, parameters.size(), positional.size()));
        }
        List<@Nullable Value> values = new ArrayList<>(positional);
        for (String parameter : parameters.subList(positional.size(), parameters.size())) {
            values.add(named.get(parameter));
        }
        for (String name : named.keySet()) {
            int index = parameters.indexOf(name);
            if (index < 0) {
                throw new EvaluationException(function + " has no argument '" + name + "'");
            }
            if (index < positional.size()) {
                throw new EvaluationException(
                        function + " got two values for argument '" + name + "'");
            }
        }
        return new Bound(function, parameters, values);
    }

    /// Arguments by parameter.
    record Bound(String function, List<String> parameters, List<@Nullable Value> values) {
        boolean has(int parameter) {
            return values.get(parameter) != null;
        }

        Value value(int parameter) {
            Value value = values.get(parameter);
            if (value == null) {
                throw new EvaluationException(
                        function + " needs the argument '" + parameters.get(parameter) + "'");
            }
            return value;
        }

        Value value(int parameter, Value fallback) {
            Value value = values.get(parameter);
            return value == null ? fallback : value;
        }

        String text(int parameter) {
            if (value(parameter) instanceof Text(String text)) {
                return text;
            }
            throw wrongType(parameter, "a str");
        }

        String text(int parameter, String fallback) {
            return has(parameter) ? text(parameter) : fallback;
        }

        boolean truth(int parameter, boolean fallback) {
            return has(parameter) ? Operators.truth(value(parameter)) : fallback;
        }

        int integer(int parameter) {
            if (value(parameter) instanceof Int(BigInteger number)) {
                return saturated(number);
            }
            throw wrongType(parameter, "an int");
        }

        int integer(int parameter, int fallback) {
            return has(parameter) ? integer(parameter) : fallback;
        }

        private EvaluationException wrongType(int parameter, String expected) {
            return new EvaluationException(
                    "argument '%s' of %s must be %s, not %s"
                            .formatted(
                                    parameters.get(parameter),
                                    function,
                                    expected,
                                    Value.typeName(value(parameter))));
        }

        /// Sizes beyond the range of an int are as good as its ends: the [Budget] refuses them.
        private static int saturated(BigInteger number) {
            if (number.bitLength() < Integer.SIZE) {
                return number.intValue();
            }
            return number.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
        }
    }
}
