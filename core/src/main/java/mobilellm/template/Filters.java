package mobilellm.template;

import mobilellm.template.Arguments.Bound;
import mobilellm.template.Value.Text;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Jinja's filters, by name: `value | filter(arguments)`.
final class Filters {
    private static final Map<String, Filter> FILTERS = new HashMap<>();

    private Filters() {}

    interface Filter {
        Value apply(Budget budget, Value input, Arguments arguments);
    }

    /// A filter with a fixed list of parameters.
    interface BoundFilter {
        Value apply(Budget budget, Value input, Bound arguments);
    }

    /// A filter of texts; other values are printed first.
    interface TextFilter {
        Value apply(Budget budget, String input, Bound arguments);
    }

    static {
        define("default", List.of("default_value", "boolean"), Filters::orDefault);
        define(
                "tojson",
                List.of("indent", "separators", "sort_keys", "ensure_ascii"),
                Filters::json);
        define("string", List.of(), (budget, input, _) -> new Text(Printer.text(budget, input)));
        // Output is never escaped, so nothing needs to be marked as safe.
        define("safe", List.of(), (budget, input, _) -> new Text(Printer.text(budget, input)));
        TextFilters.define();
        NumberFilters.define();
        ListFilters.define();
        SelectionFilters.define();
        alias("d", "default");
        alias("count", "length");
        alias("e", "escape");
    }

    static Optional<Filter> named(String name) {
        return Optional.ofNullable(FILTERS.get(name));
    }

    static void define(String name, Filter filter) {
        FILTERS.put(name, filter);
    }

    static void define(String name, List<String> parameters, BoundFilter filter) {
        String description = "the filter '" + name + "'";
        define(
                name,
                (budget, input, arguments) ->
                        filter.apply(budget, input, arguments.bind(description, parameters)));
    }

    static void defineOnText(String name, List<String> parameters, TextFilter filter) {
        define(
                name,
                parameters,
                (budget, input, arguments) ->
                        filter.apply(budget, Printer.text(budget, input), arguments));
    }

    private static void alias(String name, String filter) {
        define(name, named(filter).orElseThrow());
    }

    private static Value orDefault(Budget budget, Value input, Bound arguments) {
        boolean missing = input instanceof Value.Undefined;
        boolean empty = arguments.truth(1, false) && !Operators.truth(input);
        return missing || empty ? arguments.value(0, new Text("")) : input;
    }

    private static Value json(Budget budget, Value input, Bound arguments) {
        boolean indented = !(arguments.value(0, Value.None.NONE) instanceof Value.None);
        String itemSeparator = indented ? "," : ", ";
        String keySeparator = ": ";
        if (!(arguments.value(1, Value.None.NONE) instanceof Value.None)) {
            List<Value> separators = Operators.iterate(arguments.value(1));
            if (separators.size() != 2
                    || !(separators.get(0) instanceof Text(String item))
                    || !(separators.get(1) instanceof Text(String key))) {
                throw new EvaluationException("the separators of tojson must be two texts");
            }
            itemSeparator = item;
            keySeparator = key;
        }
        Output output = new Output(budget);
        new Json(
                        budget,
                        indented ? Math.max(arguments.integer(0), 0) : -1,
                        itemSeparator,
                        keySeparator,
                        arguments.truth(2, false),
                        arguments.truth(3, false),
                        output)
                .write(input);
        return output.toValue();
    }
}
