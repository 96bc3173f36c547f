package mobilellm.template;

import mobilellm.template.Arguments.Bound;
import mobilellm.template.Value.Array;
import mobilellm.template.Value.Dict;
import mobilellm.template.Value.Generator;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.Listing;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;
import mobilellm.template.Value.Undefined;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;

/// Jinja's filters of lists and dicts as a whole.
final class ListFilters {
    private ListFilters() {}

    static void define() {
        Filters.define("length", List.of(), (_, input, _) -> Int.of(length(input)));
        Filters.define("list", List.of(), (_, input, _) -> new Array(Operators.iterate(input)));
        Filters.define("first", List.of(), (_, input, _) -> first(Operators.iterate(input)));
        Filters.define("last", List.of(), (_, input, _) -> first(indexed(input).reversed()));
        Filters.define("reverse", List.of(), (_, input, _) -> reverse(input));
        Filters.define("join", List.of("d", "attribute"), ListFilters::join);
        Filters.define("sum", List.of("attribute", "start"), ListFilters::sum);
        Filters.define(
                "min",
                List.of("case_sensitive", "attribute"),
                (b, input, a) -> extreme(b, input, a, 1));
        Filters.define(
                "max",
                List.of("case_sensitive", "attribute"),
                (b, input, a) -> extreme(b, input, a, -1));
        Filters.define(
                "sort", List.of("reverse", "case_sensitive", "attribute"), ListFilters::sort);
        Filters.define("unique", List.of("case_sensitive", "attribute"), ListFilters::unique);
        Filters.define(
                "groupby", List.of("attribute", "default", "case_sensitive"), ListFilters::groupBy);
        Filters.define("items", List.of(), ListFilters::items);
        Filters.define(
                "dictsort", List.of("case_sensitive", "by", "reverse"), ListFilters::sortDict);
        Filters.define("batch", List.of("linecount", "fill_with"), ListFilters::batch);
        Filters.define("slice", List.of("slices", "fill_with"), ListFilters::slice);
    }

    private static int length(Value input) {
        return switch (input) {
            case Text(String text) -> PythonText.length(text);
            case Undefined _, Array _, Tuple _, Dict _, Listing _ ->
                    Operators.iterate(input).size();
            default ->
                    throw new EvaluationException(
                            "object of type '%s' has no len()".formatted(Value.typeName(input)));
        };
    }

    private static List<Value> indexed(Value input) {
        if (input instanceof Generator) {
            throw new EvaluationException(
                    "'generator' object is not reversible; is the filter 'list' missing?");
        }
        return Operators.iterate(input);
    }

    private static Value first(List<Value> items) {
        return items.isEmpty() ? new Undefined("there is no first or last item") : items.getFirst();
    }

    private static Value reverse(Value input) {
        return input instanceof Text(String text)
                ? new Text(new StringBuilder(text).reverse().toString())
                : new Generator(indexed(input).reversed());
    }

    private static Value join(Budget budget, Value input, Bound arguments) {
        UnaryOperator<Value> attribute = SelectionFilters.attribute(arguments, 1);
        String separator = Printer.text(budget, arguments.value(0, new Text("")));
        Output output = new Output(budget);
        boolean first = true;
        for (Value item : Operators.iterate(input)) {
            output.append(first ? "" : separator)
                    .append(Printer.text(budget, attribute.apply(item)));
            first = false;
        }
        return output.toValue();
    }

    private static Value sum(Budget budget, Value input, Bound arguments) {
        UnaryOperator<Value> attribute = SelectionFilters.attribute(arguments, 0);
        Value sum = arguments.value(1, Int.of(0));
        for (Value item : Operators.iterate(input)) {
            sum = Arithmetic.calculate(budget, Arithmetic.Operator.ADD, sum, attribute.apply(item));
        }
        return sum;
    }

    /// @param sign 1 for the smallest, -1 for the largest; the first of equal ones
    private static Value extreme(Budget budget, Value input, Bound arguments, int sign) {
        UnaryOperator<Value> key = key(arguments, 0, 1);
        List<Value> items = Operators.iterate(input);
        Value best = first(items);
        for (Value item : items) {
            if (sign * Operators.order(budget, key.apply(item), key.apply(best)) < 0) {
                best = item;
            }
        }
        return best;
    }

    /// What texts are compared by: unless asked otherwise, not by case.
    private static UnaryOperator<Value> key(Bound arguments, int caseSensitive, int attribute) {
        UnaryOperator<Value> value = SelectionFilters.attribute(arguments, attribute);
        return arguments.truth(caseSensitive, false)
                ? value
                : item -> withoutCase(value.apply(item));
    }

    private static Value withoutCase(Value value) {
        return value instanceof Text(String text) ? new Text(PythonText.lower(text)) : value;
    }

    private static Value sort(Budget budget, Value input, Bound arguments) {
        List<UnaryOperator<Value>> keys = new ArrayList<>();
        boolean caseSensitive = arguments.truth(1, false);
        for (UnaryOperator<Value> attribute : SelectionFilters.attributes(arguments, 2)) {
            keys.add(caseSensitive ? attribute : item -> withoutCase(attribute.apply(item)));
        }
        return new Array(sorted(budget, Operators.iterate(input), keys, arguments.truth(0, false)));
    }

    private static List<Value> sorted(
            Budget budget, List<Value> items, List<UnaryOperator<Value>> keys, boolean reverse) {
        Comparator<Value> order =
                (left, right) -> {
                    int result = 0;
                    for (int i = 0; i < keys.size() && result == 0; i++) {
                        UnaryOperator<Value> key = keys.get(i);
                        result = Operators.order(budget, key.apply(left), key.apply(right));
                    }
                    return result;
                };
        List<Value> sorted = new ArrayList<>(items);
        sorted.sort(reverse ? order.reversed() : order);
        return sorted;
    }

    private static Value unique(Budget budget, Value input, Bound arguments) {
        UnaryOperator<Value> key = key(arguments, 0, 1);
        List<Value> seen = new ArrayList<>();
        List<Value> result = new ArrayList<>();
        for (Value item : Operators.iterate(input)) {
            Value itemKey = key.apply(item);
            if (!Operators.contains(budget, new Array(seen), itemKey)) {
                seen.add(itemKey);
                result.add(item);
            }
        }
        return new Generator(result);
    }

    private static Value groupBy(Budget budget, Value input, Bound arguments) {
        UnaryOperator<Value> attribute = SelectionFilters.attribute(arguments, 0);
        UnaryOperator<Value> orDefault =
                item -> {
                    Value value = attribute.apply(item);
                    return value instanceof Undefined && arguments.has(1)
                            ? arguments.value(1)
                            : value;
                };
        UnaryOperator<Value> key =
                arguments.truth(2, false) ? orDefault : item -> withoutCase(orDefault.apply(item));
        List<Value> groups = new ArrayList<>();
        List<Value> group = new ArrayList<>();
        for (Value item : sorted(budget, Operators.iterate(input), List.of(key), false)) {
            if (!group.isEmpty()
                    && !Operators.equal(budget, key.apply(group.getFirst()), key.apply(item))) {
                groups.add(group(orDefault, group));
                group = new ArrayList<>();
            }
            group.add(item);
        }
        if (!group.isEmpty()) {
            groups.add(group(orDefault, group));
        }
        return new Array(groups);
    }

    private static Value group(UnaryOperator<Value> attribute, List<Value> items) {
        return new Tuple(
                List.of(attribute.apply(items.getFirst()), new Array(items)),
                List.of("grouper", "list"));
    }

    private static Value items(Budget budget, Value input, Bound arguments) {
        return switch (input) {
            case Undefined _ -> new Generator(List.of());
            case Dict dict -> new Generator(DictMethods.items(budget, dict));
            default -> throw new EvaluationException("can only get item pairs from a mapping");
        };
    }

    private static Value sortDict(Budget budget, Value input, Bound arguments) {
        if (!(input instanceof Dict dict)) {
            throw new EvaluationException("dictsort needs a dict, not " + Value.typeName(input));
        }
        String by = arguments.text(1, "key");
        if (!by.equals("key") && !by.equals("value")) {
            throw new EvaluationException("dictsort sorts by 'key' or 'value', not '" + by + "'");
        }
        Value index = Int.of(by.equals("key") ? 0 : 1);
        boolean caseSensitive = arguments.truth(0, false);
        UnaryOperator<Value> key =
                pair -> {
                    Value part = Attributes.item(pair, index);
                    return caseSensitive ? part : withoutCase(part);
                };
        return new Array(
                sorted(
                        budget,
                        DictMethods.items(budget, dict),
                        List.of(key),
                        arguments.truth(2, false)));
    }

    private static Value batch(Budget budget, Value input, Bound arguments) {
        int size = arguments.integer(0);
        if (size < 1) {
            throw new EvaluationException("batch needs a size of at least 1, got " + size);
        }
        List<Value> items = Operators.iterate(input);
        List<Value> batches = new ArrayList<>();
        for (int start = 0; start < items.size(); start += size) {
            List<Value> batch =
                    new ArrayList<>(
                            items.subList(start, Math.min(items.size() - start, size) + start));
            if (!(arguments.value(1, None.NONE) instanceof None)) {
                int missing = size - batch.size();
                budget.requireSize(missing);
                batch.addAll(Collections.nCopies(missing, arguments.value(1)));
            }
            batches.add(new Array(batch));
            if (items.size() - start <= size) {
                break;
            }
        }
        return new Generator(batches);
    }

    /// Columns of a table: so many lists of equal length, the first of them one longer where there is a rest. `fill_with` makes up
    /// for that in the others.
    private static Value slice(Budget budget, Value input, Bound arguments) {
        int count = arguments.integer(0);
        if (count < 1) {
            throw new EvaluationException("slice needs at least 1 slice, got " + count);
        }
        budget.requireSize(count);
        List<Value> items = Operators.iterate(input);
        int longer = items.size() % count;
        List<Value> slices = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < count; i++) {
            int end = start + items.size() / count + (i < longer ? 1 : 0);
            List<Value> slice = new ArrayList<>(items.subList(start, end));
            if (i >= longer && !(arguments.value(1, None.NONE) instanceof None)) {
                slice.add(arguments.value(1));
            }
            slices.add(new Array(slice));
            start = end;
        }
        return new Generator(slices);
    }
}
