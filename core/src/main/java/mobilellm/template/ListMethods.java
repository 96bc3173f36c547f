package mobilellm.template;

import mobilellm.template.Value.Function;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.Undefined;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The methods of Python's `list` and `tuple`; those that change a list are out of reach.
final class ListMethods {
    private static final Set<String> CHANGING =
            Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

    private ListMethods() {}

    static Optional<Value> find(String type, List<Value> items, String name) {
        if (CHANGING.contains(name)) {
            return Optional.of(
                    new Undefined(
                            "access to attribute '%s' of '%s' object is unsafe."
                                    .formatted(name, type)));
        }
        return switch (name) {
            case "count" ->
                    Optional.of(
                            new Function(
                                    name,
                                    (budget, a) -> Int.of(count(budget, items, value(name, a)))));
            case "index" ->
                    Optional.of(
                            new Function(
                                    name,
                                    (budget, a) -> Int.of(index(budget, items, value(name, a)))));
            default -> Optional.empty();
        };
    }

    private static Value value(String name, Arguments arguments) {
        return arguments.bind(name, List.of("value")).value(0);
    }

    private static long count(Budget budget, List<Value> items, Value value) {
        return items.stream().filter(item -> Operators.equal(budget, item, value)).count();
    }

    private static int index(Budget budget, List<Value> items, Value value) {
        for (int i = 0; i < items.size(); i++) {
            if (Operators.equal(budget, items.get(i), value)) {
                return i;
            }
        }
        throw new EvaluationException("the value is not in the list");
    }
}
