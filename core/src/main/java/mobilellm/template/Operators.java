package mobilellm.template;

import mobilellm.template.Value.Array;
import mobilellm.template.Value.Bool;
import mobilellm.template.Value.Dict;
import mobilellm.template.Value.DictKey;
import mobilellm.template.Value.Generator;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.Listing;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Real;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;
import mobilellm.template.Value.Undefined;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Python's operators: truth, equality, order, membership, iteration.
final class Operators {
    private Operators() {}

    enum Comparison {
        EQUAL("=="),
        NOT_EQUAL("!="),
        LESS("<"),
        LESS_OR_EQUAL("<="),
        GREATER(">"),
        GREATER_OR_EQUAL(">="),
        IN("in"),
        NOT_IN("not in");

        private final String symbol;

        Comparison(String symbol) {
            this.symbol = symbol;
        }

        String symbol() {
            return symbol;
        }
    }

    static boolean truth(Value value) {
        return switch (value) {
            case None _, Undefined _ -> false;
            case Bool(boolean flag) -> flag;
            case Int(BigInteger number) -> number.signum() != 0;
            case Real(double number) -> number != 0;
            case Text(String text) -> !text.isEmpty();
            case Array(List<Value> items) -> !items.isEmpty();
            case Tuple tuple -> !tuple.items().isEmpty();
            case Dict(Map<DictKey, Value> entries) -> !entries.isEmpty();
            case Listing listing -> !listing.items().isEmpty();
            case Generator _, Value.Namespace _, Value.Function _, Loop _ -> true;
        };
    }

    /// What a loop over the value runs over.
    static List<Value> iterate(Value value) {
        return switch (value) {
            case Undefined _ -> List.of();
            case Text(String text) -> PythonText.characters(text);
            case Array(List<Value> items) -> items;
            case Tuple tuple -> tuple.items();
            case Dict(Map<DictKey, Value> entries) ->
                    entries.keySet().stream().map(DictKey::value).toList();
            case Listing listing -> listing.items();
            case Generator generator -> generator.take();
            case None _, Bool _, Int _, Real _, Value.Namespace _, Value.Function _, Loop _ ->
                    throw new EvaluationException(
                            "'" + Value.typeName(value) + "' object is not iterable");
        };
    }

    static boolean compare(Budget budget, Comparison operator, Value left, Value right) {
        return switch (operator) {
            case EQUAL -> equal(budget, left, right);
            case NOT_EQUAL -> !equal(budget, left, right);
            case IN -> contains(budget, right, left);
            case NOT_IN -> !contains(budget, right, left);
            case LESS -> comparable(left, right) && order(budget, operator.symbol, left, right) < 0;
            case LESS_OR_EQUAL ->
                    comparable(left, right) && order(budget, operator.symbol, left, right) <= 0;
            case GREATER ->
                    comparable(left, right) && order(budget, operator.symbol, left, right) > 0;
            case GREATER_OR_EQUAL ->
                    comparable(left, right) && order(budget, operator.symbol, left, right) >= 0;
        };
    }

    private static boolean comparable(Value left, Value right) {
        return !isNaN(left) && !isNaN(right);
    }

    private static boolean isNaN(Value value) {
        return value instanceof Real(double number) && Double.isNaN(number);
    }

    static boolean equal(Budget budget, Value left, Value right) {
        budget.enter();
        boolean equal =
                switch (left) {
                    case None _ -> right instanceof None;
                    case Undefined _ -> right instanceof Undefined;
                    case Bool _, Int _, Real _ ->
                            isNumber(right)
                                    && comparable(left, right)
                                    && orderNumbers(left, right) == 0;
                    case Text(String text) -> {
                        budget.spendOnCharacters(text.length());
                        yield right instanceof Text(String other) && text.equals(other);
                    }
                    case Array(List<Value> items) ->
                            right instanceof Array(List<Value> others)
                                    && equalItems(budget, items, others);
                    case Tuple tuple ->
                            right instanceof Tuple other
                                    && equalItems(budget, tuple.items(), other.items());
                    case Dict dict ->
                            right instanceof Dict other && equalEntries(budget, dict, other);
                    case Listing _, Generator _, Value.Namespace _, Value.Function _, Loop _ ->
                            same(left, right);
                };
        budget.leave();
        return equal;
    }

    /// Python's `is`, as far as a template can tell.
    @SuppressWarnings("ReferenceEquality")
    static boolean same(Value left, Value right) {
        return left == right
                || switch (left) {
                    case None _, Bool _, Int _, Text _ -> left.equals(right);
                    default -> false;
                };
    }

    private static boolean equalItems(Budget budget, List<Value> left, List<Value> right) {
        if (left.size() != right.size()) {
            return false;
        }
        Iterator<Value> others = right.iterator();
        for (Value item : left) {
            if (!equal(budget, item, others.next())) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalEntries(Budget budget, Dict left, Dict right) {
        if (left.entries().size() != right.entries().size()) {
            return false;
        }
        for (Map.Entry<DictKey, Value> entry : left.entries().entrySet()) {
            Value other = right.entries().get(entry.getKey());
            if (other == null || !equal(budget, entry.getValue(), other)) {
                return false;
            }
        }
        return true;
    }

    static boolean contains(Budget budget, Value container, Value item) {
        return switch (container) {
            case Text(String text) -> {
                if (!(item instanceof Text(String part))) {
                    throw new EvaluationException(
                            "'in <string>' requires string as left operand, not "
                                    + Value.typeName(item));
                }
                budget.spendOnSearch(text, part);
                yield text.contains(part);
            }
            case Dict(Map<DictKey, Value> entries) -> entries.containsKey(new DictKey(item));
            default -> {
                for (Value candidate : iterate(container)) {
                    if (equal(budget, candidate, item)) {
                        yield true;
                    }
                }
                yield false;
            }
        };
    }

    /// The order of two values, as sorting needs it: negative, zero, positive.
    static int order(Budget budget, Value left, Value right) {
        return order(budget, "<", left, right);
    }

    private static int order(Budget budget, String operator, Value left, Value right) {
        budget.enter();
        int order;
        if (isNumber(left) && isNumber(right)) {
            order = orderNumbers(left, right);
        } else if (left instanceof Text(String text) && right instanceof Text(String other)) {
            budget.spendOnCharacters(Math.min(text.length(), other.length()));
            order = PythonText.compare(text, other);
        } else if (left instanceof Array(List<Value> items)
                && right instanceof Array(List<Value> others)) {
            order = orderItems(budget, operator, items, others);
        } else if (left instanceof Tuple tuple && right instanceof Tuple other) {
            order = orderItems(budget, operator, tuple.items(), other.items());
        } else {
            requireDefined(left, right);
            throw new EvaluationException(
                    "'%s' not supported between instances of '%s' and '%s'"
                            .formatted(operator, Value.typeName(left), Value.typeName(right)));
        }
        budget.leave();
        return order;
    }

    private static int orderItems(
            Budget budget, String operator, List<Value> left, List<Value> right) {
        Iterator<Value> others = right.iterator();
        for (Value item : left) {
            if (!others.hasNext()) {
                return 1;
            }
            Value other = others.next();
            if (!equal(budget, item, other)) {
                return order(budget, operator, item, other);
            }
        }
        return others.hasNext() ? -1 : 0;
    }

    static boolean isNumber(Value value) {
        return value instanceof Int || value instanceof Real || value instanceof Bool;
    }

    private static int orderNumbers(Value left, Value right) {
        Optional<BigInteger> leftInteger = integer(left);
        Optional<BigInteger> rightInteger = integer(right);
        if (leftInteger.isPresent() && rightInteger.isPresent()) {
            return leftInteger.get().compareTo(rightInteger.get());
        }
        double leftReal = real(left);
        double rightReal = real(right);
        if (Double.isFinite(leftReal) && Double.isFinite(rightReal)) {
            return exact(left).compareTo(exact(right));
        }
        return Double.compare(leftReal, rightReal);
    }

    private static BigDecimal exact(Value number) {
        return integer(number).map(BigDecimal::new).orElseGet(() -> new BigDecimal(real(number)));
    }

    /// The value of an `int` or a `bool`.
    static Optional<BigInteger> integer(Value value) {
        return switch (value) {
            case Int(BigInteger number) -> Optional.of(number);
            case Bool(boolean flag) -> Optional.of(flag ? BigInteger.ONE : BigInteger.ZERO);
            default -> Optional.empty();
        };
    }

    static double real(Value number) {
        return number instanceof Real(double real)
                ? real
                : integer(number).map(BigInteger::doubleValue).orElseThrow();
    }

    /// Fails with the message of the first that is undefined.
    static void requireDefined(Value... values) {
        for (Value value : values) {
            if (value instanceof Undefined(String message)) {
                throw new EvaluationException(message);
            }
        }
    }
}
