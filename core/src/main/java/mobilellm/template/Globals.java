package mobilellm.template;

import mobilellm.template.Value.Dict;
import mobilellm.template.Value.DictKey;
import mobilellm.template.Value.Function;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.Listing;
import mobilellm.template.Value.Namespace;
import mobilellm.template.Value.Text;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// The functions that every template can call.
final class Globals {
    /// As Jinja's sandbox has it.
    private static final long MOST_IN_RANGE = 100_000;

    private Globals() {}

    static Map<String, Value> of(Clock clock) {
        Map<String, Value> globals = new HashMap<>();
        define(globals, "range", Globals::range);
        define(globals, "namespace", (_, arguments) -> new Namespace(attributes(arguments)));
        define(globals, "dict", (_, arguments) -> dict(arguments));
        define(globals, "cycler", (_, arguments) -> cycler(arguments.positional()));
        define(globals, "joiner", (_, arguments) -> joiner(arguments));
        define(globals, "raise_exception", Globals::raise);
        define(
                globals,
                "strftime_now",
                (_, arguments) -> {
                    String format = arguments.bind("strftime_now", List.of("format")).text(0);
                    return new Text(Strftime.format(format, ZonedDateTime.now(clock)));
                });
        return globals;
    }

    private static void define(Map<String, Value> globals, String name, Function.Body body) {
        globals.put(name, new Function(name, body));
    }

    private static Value raise(Budget budget, Arguments arguments) {
        throw new EvaluationException(
                Printer.text(
                        budget, arguments.bind("raise_exception", List.of("message")).value(0)));
    }

    private static Value range(Budget budget, Arguments arguments) {
        Arguments.Bound bounds = arguments.bind("range", List.of("start", "stop", "step"));
        boolean one = !bounds.has(1);
        long start = one ? 0 : bounds.integer(0);
        long stop = bounds.integer(one ? 0 : 1);
        long step = bounds.integer(2, 1);
        if (step == 0) {
            throw new EvaluationException("range() arg 3 must not be zero");
        }
        long distance = step > 0 ? stop - start : start - stop;
        long count = distance <= 0 ? 0 : (distance - 1) / Math.abs(step) + 1;
        if (count > MOST_IN_RANGE) {
            throw new EvaluationException("a range of more than " + MOST_IN_RANGE + " numbers");
        }
        budget.requireSize(count);
        List<Value> numbers = new ArrayList<>((int) count);
        for (long i = 0; i < count; i++) {
            numbers.add(Int.of(start + i * step));
        }
        return new Listing("range", numbers);
    }

    /// `next()` gives one item after the other, for ever, `current` the one that comes next, and `reset()` begins anew.
    private static Namespace cycler(List<Value> items) {
        if (items.isEmpty()) {
            throw new EvaluationException("at least one item has to be provided");
        }
        String current = "current";
        Map<String, Value> attributes = new HashMap<>(Map.of(current, items.getFirst()));
        AtomicInteger position = new AtomicInteger();
        attributes.put(
                "next",
                new Function(
                        "next",
                        (_, _) -> {
                            Value item = items.get(position.get());
                            int following = (position.get() + 1) % items.size();
                            position.set(following);
                            attributes.put(current, items.get(following));
                            return item;
                        }));
        attributes.put(
                "reset",
                new Function(
                        "reset",
                        (_, _) -> {
                            position.set(0);
                            attributes.put(current, items.getFirst());
                            return Value.None.NONE;
                        }));
        return new Namespace(attributes);
    }

    /// Gives nothing when it is called first, and the separator from then on.
    private static Function joiner(Arguments arguments) {
        Value separator = arguments.bind("joiner", List.of("sep")).value(0, new Text(", "));
        AtomicBoolean used = new AtomicBoolean();
        return new Function("joiner", (_, _) -> used.getAndSet(true) ? separator : new Text(""));
    }

    private static Map<String, Value> attributes(Arguments arguments) {
        Map<String, Value> attributes = new HashMap<>();
        for (Map.Entry<DictKey, Value> entry : dict(arguments).entries().entrySet()) {
            if (entry.getKey().value() instanceof Text(String name)) {
                attributes.put(name, entry.getValue());
            }
        }
        return attributes;
    }

    /// `dict(other, name=value)`
    private static Dict dict(Arguments arguments) {
        Map<DictKey, Value> entries = new LinkedHashMap<>();
        if (!arguments.positional().isEmpty()) {
            Arguments first = new Arguments(arguments.positional(), Map.of());
            if (!(first.bind("dict", List.of("mapping")).value(0) instanceof Dict dict)) {
                throw new EvaluationException("dict() takes only a dict and named arguments here");
            }
            entries.putAll(dict.entries());
        }
        arguments.named().forEach((name, value) -> entries.put(new DictKey(new Text(name)), value));
        return new Dict(entries);
    }
}
