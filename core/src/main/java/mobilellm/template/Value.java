package mobilellm.template;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A value that a template computes with. Templates are written for Python, so these are Python's types, by
/// Java's names. All but [Namespace], [Loop] and [Generator] are immutable, and only a [Namespace] can hold
/// itself; it cannot be printed, so that printing and comparing always end.
sealed interface Value
        permits Value.None,
                Value.Undefined,
                Value.Bool,
                Value.Int,
                Value.Real,
                Value.Text,
                Value.Array,
                Value.Tuple,
                Value.Dict,
                Value.Listing,
                Value.Generator,
                Value.Namespace,
                Value.Function,
                Loop {
    /// Python's `None`.
    enum None implements Value {
        NONE
    }

    /// What is not there: prints as nothing, is false and empty; any other use fails with the message.
    record Undefined(String message) implements Value {
        static Undefined variable(String name) {
            return new Undefined("'" + name + "' is undefined");
        }
    }

    record Bool(boolean value) implements Value {
        static final Bool TRUE = new Bool(true);
        static final Bool FALSE = new Bool(false);

        static Bool of(boolean value) {
            return value ? TRUE : FALSE;
        }
    }

    record Int(BigInteger value) implements Value {
        static Int of(long value) {
            return new Int(BigInteger.valueOf(value));
        }
    }

    record Real(double value) implements Value {}

    record Text(String value) implements Value {}

    /// Python's list.
    record Array(List<Value> items) implements Value {}

    /// Python's tuple.
    ///
    /// @param names attribute names of the items, for the groups of `groupby`; otherwise empty
    record Tuple(List<Value> items, List<String> names) implements Value {
        static Tuple of(List<Value> items) {
            return new Tuple(items, List.of());
        }
    }

    /// Python's dict, in the order of insertion.
    record Dict(Map<DictKey, Value> entries) implements Value {
        @Nullable Value get(String name) {
            return entries.get(new DictKey(new Text(name)));
        }
    }

    /// A dict's key: a text, an integer or `None`. Others are refused, because Python takes `1`, `1.0` and `True`
    /// for the same key.
    record DictKey(Value value) {
        public DictKey {
            if (!(value instanceof Text || value instanceof Int || value instanceof None)) {
                throw new EvaluationException(
                        "a dict key must be a str, an int or None here, not " + typeName(value));
            }
        }
    }

    /// A range, or the view of a dict: like a list, but without indexes.
    ///
    /// @param type Python's name of the type
    record Listing(String type, List<Value> items) implements Value {}

    /// What `map`, `select` and their like return: true, without a length, and empty after the first use.
    final class Generator implements Value {
        private List<Value> items;

        Generator(List<Value> items) {
            this.items = items;
        }

        List<Value> take() {
            List<Value> taken = items;
            items = List.of();
            return taken;
        }
    }

    /// What `namespace()` returns: the only value with attributes that a template can set.
    record Namespace(Map<String, Value> attributes) implements Value {}

    /// A macro, a method bound to its object, or a global function.
    record Function(String name, Body body) implements Value {
        interface Body {
            Value call(Budget budget, Arguments arguments);
        }
    }

    /// A value from outside: `null`, booleans, numbers, texts, lists (any [Iterable]) and maps with text keys.
    static Value of(@Nullable Object object) {
        return of(object, 0);
    }

    private static Value of(@Nullable Object object, int depth) {
        if (depth > RenderLimits.DEFAULT.depth() / 2) {
            throw new IllegalArgumentException(
                    "a template variable is nested too deep, or holds itself");
        }
        return switch (object) {
            case null -> None.NONE;
            case Value value -> value;
            case Boolean flag -> Bool.of(flag);
            case Byte number -> Int.of(number);
            case Short number -> Int.of(number);
            case Integer number -> Int.of(number);
            case Long number -> Int.of(number);
            case BigInteger number -> new Int(number);
            case Float number -> new Real(number);
            case Double number -> new Real(number);
            case BigDecimal number -> new Real(number.doubleValue());
            case CharSequence text -> new Text(text.toString());
            case Map<?, ?> map -> {
                Map<DictKey, Value> entries = new LinkedHashMap<>();
                map.forEach((key, value) -> entries.put(keyOf(key), of(value, depth + 1)));
                yield new Dict(entries);
            }
            case Iterable<?> iterable -> {
                List<Value> items = new ArrayList<>();
                iterable.forEach(item -> items.add(of(item, depth + 1)));
                yield new Array(items);
            }
            default ->
                    throw new IllegalArgumentException(
                            "a template variable of "
                                    + object.getClass()
                                    + "; expected null, Boolean, Number, String, List or Map");
        };
    }

    private static DictKey keyOf(@Nullable Object key) {
        if (!(key instanceof CharSequence text)) {
            throw new IllegalArgumentException(
                    "a map in a template variable has the key " + key + "; expected a String");
        }
        return new DictKey(new Text(text.toString()));
    }

    /// Python's name of the type, for messages.
    static String typeName(Value value) {
        return switch (value) {
            case None _ -> "NoneType";
            case Undefined _ -> "Undefined";
            case Bool _ -> "bool";
            case Int _ -> "int";
            case Real _ -> "float";
            case Text _ -> "str";
            case Array _ -> "list";
            case Tuple _ -> "tuple";
            case Dict _ -> "dict";
            case Listing listing -> listing.type();
            case Generator _ -> "generator";
            case Namespace _ -> "Namespace";
            case Function _ -> "function";
            case Loop _ -> "LoopContext";
        };
    }
}
