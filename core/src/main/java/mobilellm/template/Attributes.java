package mobilellm.template;

import mobilellm.template.Value.Array;
import mobilellm.template.Value.Dict;
import mobilellm.template.Value.DictKey;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;
import mobilellm.template.Value.Undefined;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Python's `value.name`, `value[key]` and `value[start:stop:step]`, with Jinja's rule that what is not there is
/// undefined, that `.` prefers methods and `[]` prefers entries, and that what the sandbox forbids is undefined too.
final class Attributes {
    private Attributes() {}

    static Value attribute(Value target, String name) {
        if (name.startsWith("__") && !(target instanceof Undefined)) {
            return unsafe(target, name);
        }
        return switch (target) {
            case Undefined(String message) -> throw new EvaluationException(message);
            case Text(String text) ->
                    TextMethods.find(text, name).orElseGet(() -> missing(target, name));
            case Dict dict -> {
                Optional<Value> method = DictMethods.find(dict, name);
                Value entry = method.isPresent() ? method.get() : dict.get(name);
                yield entry == null ? missing(target, name) : entry;
            }
            case Array(List<Value> items) ->
                    ListMethods.find("list", items, name).orElseGet(() -> missing(target, name));
            case Tuple tuple -> {
                int index = tuple.names().indexOf(name);
                yield index >= 0
                        ? tuple.items().get(index)
                        : ListMethods.find("tuple", tuple.items(), name)
                                .orElseGet(() -> missing(target, name));
            }
            case Value.Namespace namespace -> {
                Value value = namespace.attributes().get(name);
                yield value == null ? missing(target, name) : value;
            }
            case Loop loop -> loop.attribute(name);
            case Value.Function function ->
                    name.equals("name") ? new Text(function.name()) : missing(target, name);
            case None _, Value.Bool _, Int _, Value.Real _, Value.Listing _, Value.Generator _ ->
                    missing(target, name);
        };
    }

    static Undefined unsafe(Value target, String name) {
        return new Undefined(
                "access to attribute '%s' of '%s' object is unsafe."
                        .formatted(name, Value.typeName(target)));
    }

    private static Undefined missing(Value target, String name) {
        String object =
                target instanceof None ? "'None'" : "'" + Value.typeName(target) + " object'";
        return new Undefined(object + " has no attribute '" + name + "'");
    }

    static Value item(Value target, Value key) {
        if (target instanceof Undefined(String message)) {
            throw new EvaluationException(message);
        }
        if (target instanceof Dict dict) {
            Value entry = dict.entries().get(new DictKey(key));
            if (entry != null) {
                return entry;
            }
        }
        if (key instanceof Text(String name)) {
            return attribute(target, name);
        }
        Optional<BigInteger> index = Operators.integer(key);
        return switch (target) {
            case Text(String text) when index.isPresent() -> {
                int length = PythonText.length(text);
                int at = index(index.get(), length);
                yield at < 0
                        ? noElement(target, key)
                        : new Text(PythonText.substring(text, at, at + 1));
            }
            case Array(List<Value> items) when index.isPresent() ->
                    item(target, items, key, index.get());
            case Tuple tuple when index.isPresent() ->
                    item(target, tuple.items(), key, index.get());
            default -> noElement(target, key);
        };
    }

    private static Value item(Value target, List<Value> items, Value key, BigInteger index) {
        int at = index(index, items.size());
        return at < 0 ? noElement(target, key) : items.get(at);
    }

    private static int index(BigInteger index, int length) {
        BigInteger fromStart = index.signum() < 0 ? index.add(BigInteger.valueOf(length)) : index;
        boolean within =
                fromStart.signum() >= 0 && fromStart.compareTo(BigInteger.valueOf(length)) < 0;
        return within ? fromStart.intValue() : -1;
    }

    private static Undefined noElement(Value target, Value key) {
        String element =
                key instanceof Int(BigInteger number) ? number.toString() : Value.typeName(key);
        return new Undefined(
                "%s object has no element %s".formatted(Value.typeName(target), element));
    }

    static Value slice(Value target, Value start, Value stop, Value step) {
        return switch (target) {
            case Text(String text) -> new Text(slice(text, start, stop, step));
            case Array(List<Value> items) -> new Array(slice(items, start, stop, step));
            case Tuple tuple -> Tuple.of(slice(tuple.items(), start, stop, step));
            case Undefined(String message) -> throw new EvaluationException(message);
            default ->
                    throw new EvaluationException(
                            "'%s' object cannot be sliced".formatted(Value.typeName(target)));
        };
    }

    private static String slice(String text, Value start, Value stop, Value step) {
        int[] points = text.codePoints().toArray();
        StringBuilder result = new StringBuilder();
        Range range = range(points.length, start, stop, step);
        for (int i = 0; i < range.count; i++) {
            result.appendCodePoint(points[range.at(i)]);
        }
        return result.toString();
    }

    private static List<Value> slice(List<Value> items, Value start, Value stop, Value step) {
        Range range = range(items.size(), start, stop, step);
        List<Value> result = new ArrayList<>(range.count);
        for (int i = 0; i < range.count; i++) {
            result.add(items.get(range.at(i)));
        }
        return result;
    }

    /// The indexes `start, start + step, ...`.
    private record Range(int start, int step, int count) {
        int at(int i) {
            return start + i * step;
        }
    }

    private static Range range(int length, Value start, Value stop, Value step) {
        int stride = bound(step, 1, length + 1);
        if (stride == 0) {
            throw new EvaluationException("slice step cannot be zero");
        }
        int lowest = stride > 0 ? 0 : -1;
        int highest = stride > 0 ? length : length - 1;
        int first = position(start, stride > 0 ? lowest : highest, length, lowest, highest);
        int end = position(stop, stride > 0 ? highest : lowest, length, lowest, highest);
        int distance = stride > 0 ? end - first : first - end;
        return new Range(first, stride, distance <= 0 ? 0 : (distance - 1) / Math.abs(stride) + 1);
    }

    private static int position(Value bound, int fallback, int length, int lowest, int highest) {
        if (bound instanceof None) {
            return fallback;
        }
        int position = bound(bound, 0, 2 * length + 2);
        return Math.clamp(position < 0 ? position + length : position, lowest, highest);
    }

    /// An integer, cut off at what makes no difference for a text or list this long.
    private static int bound(Value value, int fallback, int limit) {
        if (value instanceof None) {
            return fallback;
        }
        BigInteger most = BigInteger.valueOf(limit);
        return Operators.integer(value)
                .orElseThrow(
                        () -> new EvaluationException("slice indices must be integers or None"))
                .max(most.negate())
                .min(most)
                .intValue();
    }
}
