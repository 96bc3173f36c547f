package mobilellm.template;

import mobilellm.template.Value.Array;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.Real;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// Python's arithmetic, of numbers without a largest integer, and of texts and lists.
final class Arithmetic {
    /// Python itself prints no integer of more digits than these bits hold.
    private static final int MOST_BITS = 14_000;

    private Arithmetic() {}

    enum Operator {
        ADD("+"),
        SUBTRACT("-"),
        MULTIPLY("*"),
        DIVIDE("/"),
        FLOOR_DIVIDE("//"),
        REMAINDER("%"),
        POWER("**");

        private final String symbol;

        Operator(String symbol) {
            this.symbol = symbol;
        }

        static Operator of(String symbol) {
            for (Operator operator : values()) {
                if (operator.symbol.equals(symbol)) {
                    return operator;
                }
            }
            throw new IllegalArgumentException(symbol);
        }
    }

    static Value sign(boolean negative, Value operand) {
        if (operand instanceof Real(double number)) {
            return new Real(negative ? -number : number);
        }
        Operators.requireDefined(operand);
        BigInteger number =
                Operators.integer(operand)
                        .orElseThrow(
                                () ->
                                        new EvaluationException(
                                                "bad operand type for unary %s: '%s'"
                                                        .formatted(
                                                                negative ? "-" : "+",
                                                                Value.typeName(operand))));
        return new Int(negative ? number.negate() : number);
    }

    static Value calculate(Budget budget, Operator operator, Value left, Value right) {
        Operators.requireDefined(left);
        if (operator == Operator.REMAINDER && left instanceof Text(String format)) {
            return PrintfFormat.format(budget, format, right);
        }
        Operators.requireDefined(right);
        if (Operators.isNumber(left) && Operators.isNumber(right)) {
            Optional<BigInteger> leftInteger = Operators.integer(left);
            Optional<BigInteger> rightInteger = Operators.integer(right);
            return leftInteger.isPresent() && rightInteger.isPresent()
                    ? integers(operator, leftInteger.get(), rightInteger.get())
                    : new Real(reals(operator, Operators.real(left), Operators.real(right)));
        }
        if (operator == Operator.ADD) {
            return join(budget, left, right);
        }
        Optional<BigInteger> times = Operators.integer(right).or(() -> Operators.integer(left));
        if (operator == Operator.MULTIPLY && times.isPresent()) {
            Value repeated = Operators.integer(right).isPresent() ? left : right;
            return repeat(budget, repeated, times.get())
                    .orElseThrow(() -> unsupported(operator, left, right));
        }
        throw unsupported(operator, left, right);
    }

    private static EvaluationException unsupported(Operator operator, Value left, Value right) {
        return new EvaluationException(
                "unsupported operand type(s) for %s: '%s' and '%s'"
                        .formatted(operator.symbol, Value.typeName(left), Value.typeName(right)));
    }

    private static Value integers(Operator operator, BigInteger left, BigInteger right) {
        boolean divides =
                operator == Operator.DIVIDE
                        || operator == Operator.FLOOR_DIVIDE
                        || operator == Operator.REMAINDER;
        if (divides && right.signum() == 0) {
            throw new EvaluationException("division by zero");
        }
        return switch (operator) {
            case ADD -> bounded(left.add(right));
            case SUBTRACT -> bounded(left.subtract(right));
            case MULTIPLY -> bounded(left.multiply(right));
            case DIVIDE -> new Real(left.doubleValue() / right.doubleValue());
            case FLOOR_DIVIDE -> {
                BigInteger[] parts = left.divideAndRemainder(right);
                boolean below = parts[1].signum() != 0 && parts[1].signum() != right.signum();
                yield new Int(below ? parts[0].subtract(BigInteger.ONE) : parts[0]);
            }
            case REMAINDER -> {
                BigInteger remainder = left.remainder(right);
                boolean below = remainder.signum() != 0 && remainder.signum() != right.signum();
                yield new Int(below ? remainder.add(right) : remainder);
            }
            case POWER -> power(left, right);
        };
    }

    private static Value power(BigInteger base, BigInteger exponent) {
        if (exponent.signum() < 0) {
            if (base.signum() == 0) {
                throw new EvaluationException("0.0 cannot be raised to a negative power");
            }
            return new Real(Math.pow(base.doubleValue(), exponent.doubleValue()));
        }
        boolean small = base.bitLength() <= 1;
        BigInteger bits = exponent.multiply(BigInteger.valueOf(base.bitLength()));
        if (small || bits.compareTo(BigInteger.valueOf(MOST_BITS)) <= 0) {
            return bounded(
                    base.pow(
                            small
                                    ? exponent.min(BigInteger.valueOf(MOST_BITS)).intValue()
                                    : exponent.intValue()));
        }
        throw tooLarge();
    }

    private static Int bounded(BigInteger number) {
        if (number.bitLength() > MOST_BITS) {
            throw tooLarge();
        }
        return new Int(number);
    }

    private static EvaluationException tooLarge() {
        return new EvaluationException("an integer of more than " + MOST_BITS + " bits");
    }

    private static double reals(Operator operator, double left, double right) {
        boolean divides =
                operator == Operator.DIVIDE
                        || operator == Operator.FLOOR_DIVIDE
                        || operator == Operator.REMAINDER;
        if (divides && right == 0) {
            throw new EvaluationException("float division by zero");
        }
        return switch (operator) {
            case ADD -> left + right;
            case SUBTRACT -> left - right;
            case MULTIPLY -> left * right;
            case DIVIDE -> left / right;
            case FLOOR_DIVIDE -> Math.floor(left / right);
            case REMAINDER -> {
                double remainder = left % right;
                yield remainder != 0 && (remainder < 0) != (right < 0)
                        ? remainder + right
                        : remainder;
            }
            case POWER -> Math.pow(left, right);
        };
    }

    /// `+` of texts, lists or tuples.
    private static Value join(Budget budget, Value left, Value right) {
        if (left instanceof Text(String text) && right instanceof Text(String other)) {
            return new Output(budget).append(text).append(other).toValue();
        }
        if (left instanceof Array(List<Value> items)
                && right instanceof Array(List<Value> others)) {
            return new Array(joined(budget, items, others));
        }
        if (left instanceof Tuple tuple && right instanceof Tuple other) {
            return Tuple.of(joined(budget, tuple.items(), other.items()));
        }
        String type = Value.typeName(left);
        throw left instanceof Text || left instanceof Array || left instanceof Tuple
                ? new EvaluationException(
                        "can only concatenate %s (not \"%s\") to %s"
                                .formatted(type, Value.typeName(right), type))
                : unsupported(Operator.ADD, left, right);
    }

    private static List<Value> joined(Budget budget, List<Value> left, List<Value> right) {
        budget.requireSize((long) left.size() + right.size());
        List<Value> items = new ArrayList<>(left);
        items.addAll(right);
        return items;
    }

    /// A text, list or tuple several times; empty for other values.
    private static Optional<Value> repeat(Budget budget, Value value, BigInteger times) {
        // Larger counts are refused below, unless there is nothing to repeat.
        int count =
                times.max(BigInteger.ZERO).min(BigInteger.valueOf(Integer.MAX_VALUE)).intValue();
        return switch (value) {
            case Text(String text) -> Optional.of(new Output(budget).repeat(text, count).toValue());
            case Array(List<Value> items) -> Optional.of(new Array(repeated(budget, items, count)));
            case Tuple tuple -> Optional.of(Tuple.of(repeated(budget, tuple.items(), count)));
            default -> Optional.empty();
        };
    }

    private static List<Value> repeated(Budget budget, List<Value> items, int count) {
        budget.requireSize((long) items.size() * count);
        List<Value> result = new ArrayList<>(items.size() * count);
        for (List<Value> copy : Collections.nCopies(items.isEmpty() ? 0 : count, items)) {
            result.addAll(copy);
        }
        return result;
    }
}
