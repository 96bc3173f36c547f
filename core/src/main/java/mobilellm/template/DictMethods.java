package mobilellm.template;

import mobilellm.template.Arguments.Bound;
import mobilellm.template.Value.Dict;
import mobilellm.template.Value.DictKey;
import mobilellm.template.Value.Function;
import mobilellm.template.Value.Listing;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Tuple;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The methods of Python's `dict`; those that change it are out of reach.
final class DictMethods {
    private DictMethods() {}

    static Optional<Value> find(Dict dict, String name) {
        return switch (name) {
            case "get" ->
                    method(
                            name,
                            List.of("key", "default"),
                            (budget, arguments) -> get(dict, arguments));
            case "items" ->
                    method(
                            name,
                            List.of(),
                            (budget, _) -> new Listing("dict_items", items(budget, dict)));
            case "keys" ->
                    method(
                            name,
                            List.of(),
                            (_, _) -> new Listing("dict_keys", Operators.iterate(dict)));
            case "values" ->
                    method(
                            name,
                            List.of(),
                            (_, _) ->
                                    new Listing(
                                            "dict_values", List.copyOf(dict.entries().values())));
            case "copy" -> method(name, List.of(), (_, _) -> dict);
            case "clear", "pop", "popitem", "setdefault", "update" ->
                    Optional.of(Attributes.unsafe(dict, name));
            default -> Optional.empty();
        };
    }

    private interface Body {
        Value call(Budget budget, Bound arguments);
    }

    private static Optional<Value> method(String name, List<String> parameters, Body body) {
        return Optional.of(
                new Function(
                        name,
                        (budget, arguments) ->
                                body.call(budget, arguments.bind(name, parameters))));
    }

    private static Value get(Dict dict, Bound arguments) {
        Value value = dict.entries().get(new DictKey(arguments.value(0)));
        return value == null ? arguments.value(1, None.NONE) : value;
    }

    /// The entries as pairs.
    static List<Value> items(Budget budget, Dict dict) {
        budget.spendOn(dict);
        return dict.entries().entrySet().stream().map(DictMethods::pair).toList();
    }

    private static Value pair(Map.Entry<DictKey, Value> entry) {
        return Tuple.of(List.of(entry.getKey().value(), entry.getValue()));
    }
}
