package mobilellm.template;

import mobilellm.template.Arguments.Bound;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.Real;
import mobilellm.template.Value.Text;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Optional;

/// Jinja's filters of numbers.
final class NumberFilters {
    private static final int MOST_DIGITS = 1000;

    private NumberFilters() {}

    static void define() {
        Filters.define("abs", List.of(), (_, input, _) -> absolute(input));
        Filters.define("round", List.of("precision", "method"), (_, input, a) -> round(input, a));
        Filters.define("int", List.of("default", "base"), (_, input, a) -> toInteger(input, a));
        Filters.define("float", List.of("default"), (_, input, a) -> toReal(input, a));
    }

    private static Value absolute(Value input) {
        return input instanceof Real(double number)
                ? new Real(Math.abs(number))
                : new Int(
                        Operators.integer(input).orElseThrow(() -> notANumber("abs", input)).abs());
    }

    private static EvaluationException notANumber(String filter, Value input) {
        return new EvaluationException(
                "the filter '%s' needs a number, not %s".formatted(filter, Value.typeName(input)));
    }

    /// Halves go to the even neighbour.
    private static Value round(Value input, Bound arguments) {
        int precision = arguments.integer(0, 0);
        String method = arguments.text(1, "common");
        if (Math.abs((long) precision) > MOST_DIGITS) {
            throw new EvaluationException("a precision of more than " + MOST_DIGITS + " digits");
        }
        Optional<BigInteger> integer = Operators.integer(input);
        if (method.equals("common") && integer.isPresent() && precision >= 0) {
            return new Int(integer.get());
        }
        double number =
                input instanceof Real(double real)
                        ? real
                        : integer.orElseThrow(() -> notANumber("round", input)).doubleValue();
        if (!Double.isFinite(number)) {
            return new Real(number);
        }
        double scale = Math.pow(10, precision);
        return switch (method) {
            case "common" -> {
                BigDecimal rounded =
                        new BigDecimal(number).setScale(precision, RoundingMode.HALF_EVEN);
                yield integer.isPresent()
                        ? new Int(rounded.toBigInteger())
                        : new Real(Math.copySign(rounded.doubleValue(), number));
            }
            case "ceil" -> new Real(Math.ceil(number * scale) / scale);
            case "floor" -> new Real(Math.floor(number * scale) / scale);
            default -> throw new EvaluationException("method must be common, ceil or floor");
        };
    }

    private static Value toInteger(Value input, Bound arguments) {
        Value fallback = arguments.value(0, Int.of(0));
        Optional<BigInteger> integer = Operators.integer(input);
        if (integer.isPresent()) {
            return new Int(integer.get());
        }
        if (input instanceof Text(String text)) {
            try {
                return new Int(parseInteger(text.strip(), arguments.integer(1, 10)));
            } catch (NumberFormatException e) {
                // A text such as "3.7" is a number that can be cut off.
            }
        }
        Optional<Double> real = real(input).filter(Double::isFinite);
        return real.isPresent() ? new Int(new BigDecimal(real.get()).toBigInteger()) : fallback;
    }

    private static BigInteger parseInteger(String text, int base) {
        if (text.length() > MOST_DIGITS) {
            throw new EvaluationException("an integer of more than " + MOST_DIGITS + " digits");
        }
        boolean signed = text.startsWith("-") || text.startsWith("+");
        String digits = PythonText.lower(signed ? text.substring(1) : text);
        int radix = base;
        int prefixRadix =
                digits.startsWith("0x")
                        ? 16
                        : digits.startsWith("0o") ? 8 : digits.startsWith("0b") ? 2 : 0;
        if (prefixRadix != 0 && (base == prefixRadix || base == 0)) {
            radix = prefixRadix;
            digits = digits.substring(2);
        }
        if (digits.startsWith("-") || digits.startsWith("+")) {
            throw new NumberFormatException("two signs");
        }
        return new BigInteger((text.startsWith("-") ? "-" : "") + digits, radix == 0 ? 10 : radix);
    }

    private static Value toReal(Value input, Bound arguments) {
        Optional<Double> real = real(input);
        return real.isPresent() ? new Real(real.get()) : arguments.value(0, new Real(0));
    }

    private static Optional<Double> real(Value input) {
        if (input instanceof Real(double number)) {
            return Optional.of(number);
        }
        if (!(input instanceof Text(String text))) {
            return Operators.integer(input).map(BigInteger::doubleValue);
        }
        // Java also reads 1f, 1d and hexadecimal numbers, which Python does not.
        String stripped = text.strip();
        boolean decimal =
                stripped.length() <= MOST_DIGITS
                        && stripped.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
        return decimal ? Optional.of(Double.parseDouble(stripped)) : Optional.empty();
    }
}
