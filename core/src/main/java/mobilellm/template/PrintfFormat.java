package mobilellm.template;

import mobilellm.template.Value.Dict;
import mobilellm.template.Value.Real;
import mobilellm.template.Value.Tuple;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Python's `format % values`, with the conversions `s r d i x X o f F c` and `%`.
final class PrintfFormat {
    private static final Pattern SPECIFIER =
            Pattern.compile(
                    "%(?:\\((?<key>[^)]*)\\))?(?<flags>[-0+"
                        + " #]*)(?<width>\\d{0,9})(?:\\.(?<precision>\\d{0,9}))?(?<conversion>.)?",
                    Pattern.DOTALL);
    private static final int MOST_PRECISION = 1000;

    private final Budget budget;
    private final Value values;
    private final List<Value> inOrder;
    private int used;

    private PrintfFormat(Budget budget, Value values) {
        this.budget = budget;
        this.values = values;
        this.inOrder = values instanceof Tuple tuple ? tuple.items() : List.of(values);
    }

    /// @param values a tuple of values, a dict for `%(name)s`, or a single value
    static Value format(Budget budget, String format, Value values) {
        return new PrintfFormat(budget, values).format(format);
    }

    private Value format(String format) {
        Output output = new Output(budget);
        Matcher specifier = SPECIFIER.matcher(format);
        int copied = 0;
        boolean byName = false;
        while (specifier.find()) {
            output.append(format.substring(copied, specifier.start()));
            copied = specifier.end();
            String conversion = specifier.group("conversion");
            if (conversion == null) {
                throw new EvaluationException("incomplete format");
            }
            if (conversion.equals("%")) {
                output.append("%");
                continue;
            }
            String key = specifier.group("key");
            byName |= key != null;
            pad(
                    output,
                    specifier,
                    converted(specifier, conversion, key == null ? nextValue() : named(key)));
        }
        if (!byName && used < inOrder.size() && !(values instanceof Dict)) {
            throw new EvaluationException("not all arguments converted during string formatting");
        }
        return output.append(format.substring(copied)).toValue();
    }

    private Value nextValue() {
        if (used == inOrder.size()) {
            throw new EvaluationException("not enough arguments for format string");
        }
        return inOrder.get(used++);
    }

    private Value named(String key) {
        if (!(values instanceof Dict dict)) {
            throw new EvaluationException("format requires a mapping");
        }
        Value value = dict.get(key);
        if (value == null) {
            throw new EvaluationException("the format's mapping has no '" + key + "'");
        }
        return value;
    }

    private String converted(Matcher specifier, String conversion, Value value) {
        return switch (conversion) {
            case "s" -> cut(Printer.text(budget, value), specifier.group("precision"));
            case "r" -> cut(Printer.represent(budget, value), specifier.group("precision"));
            case "c" -> Printer.text(budget, value);
            case "d", "i" -> signed(specifier, integer(conversion, value).toString());
            case "x" -> signed(specifier, integer(conversion, value).toString(16));
            case "X" ->
                    signed(specifier, PythonText.upper(integer(conversion, value).toString(16)));
            case "o" -> signed(specifier, integer(conversion, value).toString(8));
            case "f", "F" ->
                    signed(specifier, fixed(specifier.group("precision"), conversion, value));
            default ->
                    throw new EvaluationException(
                            "not supported: the format '" + specifier.group() + "'");
        };
    }

    private static String cut(String text, String precision) {
        if (precision == null) {
            return text;
        }
        int most = precision.isEmpty() ? 0 : Integer.parseInt(precision);
        return PythonText.substring(text, 0, Math.min(most, PythonText.length(text)));
    }

    private static BigInteger integer(String conversion, Value value) {
        if (value instanceof Real(double number)
                && "di".contains(conversion)
                && Double.isFinite(number)) {
            return new BigDecimal(number).toBigInteger();
        }
        return Operators.integer(value).orElseThrow(() -> notANumber(conversion, value));
    }

    private static EvaluationException notANumber(String conversion, Value value) {
        return new EvaluationException(
                "%%%s format: a number is required, not %s"
                        .formatted(conversion, Value.typeName(value)));
    }

    private static String fixed(String precision, String conversion, Value value) {
        int digits = precision == null ? 6 : precision.isEmpty() ? 0 : Integer.parseInt(precision);
        if (digits > MOST_PRECISION) {
            throw new EvaluationException("a precision of more than " + MOST_PRECISION + " digits");
        }
        if (value instanceof Real(double number)) {
            if (!Double.isFinite(number)) {
                return Printer.real(number);
            }
            String text =
                    new BigDecimal(number).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
            // A BigDecimal has no negative zero.
            boolean signLost = Math.copySign(1, number) < 0 && !text.startsWith("-");
            return signLost ? "-" + text : text;
        }
        return new BigDecimal(integer(conversion, value)).setScale(digits).toPlainString();
    }

    private static String signed(Matcher specifier, String number) {
        String flags = specifier.group("flags");
        if (flags.contains("#")) {
            throw new EvaluationException("not supported: the format '" + specifier.group() + "'");
        }
        if (number.startsWith("-")) {
            return number;
        }
        return (flags.contains("+") ? "+" : flags.contains(" ") ? " " : "") + number;
    }

    private static void pad(Output output, Matcher specifier, String text) {
        String width = specifier.group("width");
        long missing = width.isEmpty() ? 0 : Long.parseLong(width) - PythonText.length(text);
        String flags = specifier.group("flags");
        boolean number = !"src".contains(specifier.group("conversion"));
        if (flags.contains("-")) {
            output.append(text).repeat(" ", missing);
        } else if (flags.contains("0") && number) {
            int sign = !text.isEmpty() && "+- ".indexOf(text.charAt(0)) >= 0 ? 1 : 0;
            output.append(text.substring(0, sign))
                    .repeat("0", missing)
                    .append(text.substring(sign));
        } else {
            output.repeat(" ", missing).append(text);
        }
    }
}
