package mobilellm.template;

import mobilellm.template.Value.Array;
import mobilellm.template.Value.Bool;
import mobilellm.template.Value.Dict;
import mobilellm.template.Value.DictKey;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.None;
import mobilellm.template.Value.Real;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;
import mobilellm.template.Value.Undefined;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// Python's `str` and `repr`: how values look in the output.
final class Printer {
    private Printer() {}

    static String text(Budget budget, Value value) {
        return switch (value) {
            case Text(String text) -> text;
            case Undefined _ -> "";
            default -> represent(budget, value);
        };
    }

    /// As it looks within a list: texts have quotes.
    static String represent(Budget budget, Value value) {
        Output output = new Output(budget);
        represent(budget, value, output);
        return output.toString();
    }

    private static void represent(Budget budget, Value value, Output output) {
        budget.enter();
        switch (value) {
            case None _ -> output.append("None");
            case Undefined _ -> output.append("Undefined");
            case Bool(boolean flag) -> output.append(flag ? "True" : "False");
            case Int(BigInteger number) -> output.append(number.toString());
            case Real(double number) -> output.append(real(number));
            case Text(String text) -> output.append(quoted(text));
            case Array(List<Value> items) -> items(budget, "[", items, "]", output);
            case Tuple tuple ->
                    items(
                            budget,
                            "(",
                            tuple.items(),
                            tuple.items().size() == 1 ? ",)" : ")",
                            output);
            case Dict(Map<DictKey, Value> entries) -> {
                String separator = "{";
                for (Map.Entry<DictKey, Value> entry : entries.entrySet()) {
                    output.append(separator);
                    represent(budget, entry.getKey().value(), output);
                    output.append(": ");
                    represent(budget, entry.getValue(), output);
                    separator = ", ";
                }
                output.append(entries.isEmpty() ? "{}" : "}");
            }
            case Value.Listing _, Value.Generator _, Value.Namespace _, Value.Function _, Loop _ ->
                    throw new EvaluationException(
                            "a %s cannot be printed; is a filter such as 'list', or a call, missing?"
                                    .formatted(Value.typeName(value)));
        }
        budget.leave();
    }

    private static void items(
            Budget budget, String open, List<Value> items, String close, Output output) {
        output.append(open);
        String separator = "";
        for (Value item : items) {
            output.append(separator);
            represent(budget, item, output);
            separator = ", ";
        }
        output.append(close);
    }

    /// The shortest digits that read back as the same number, as both languages have it; Python writes an exponent
    /// below 1e-4 and from 1e16 on.
    static String real(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number < 0 ? "-inf" : "inf";
        }
        if (number == 0) {
            return 1 / number < 0 ? "-0.0" : "0.0";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            return decimal.scale() <= 0 ? decimal.toBigInteger() + ".0" : decimal.toPlainString();
        }
        String digits = decimal.unscaledValue().abs().toString();
        return (number < 0 ? "-" : "")
                + digits.charAt(0)
                + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + (exponent < 0 ? "e-" : "e+")
                + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }

    private static String quoted(String text) {
        char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
        StringBuilder result = new StringBuilder().append(quote);
        text.codePoints()
                .forEach(
                        point -> {
                            switch (point) {
                                case '\n' -> result.append("\\n");
                                case '\r' -> result.append("\\r");
                                case '\t' -> result.append("\\t");
                                case '\\' -> result.append("\\\\");
                                default -> {
                                    if (point == quote) {
                                        result.append('\\').append(quote);
                                    } else if (isPrintable(point)) {
                                        result.appendCodePoint(point);
                                    } else {
                                        result.append(escape(point));
                                    }
                                }
                            }
                        });
        return result.append(quote).toString();
    }

    private static boolean isPrintable(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    false;
            case Character.SPACE_SEPARATOR -> point == ' ';
            default -> true;
        };
    }

    private static String escape(int point) {
        HexFormat hexadecimal = HexFormat.of();
        if (point <= 0xFF) {
            return "\\x" + hexadecimal.toHexDigits(point, 2);
        }
        return point <= 0xFFFF
                ? "\\u" + hexadecimal.toHexDigits(point, 4)
                : "\\U" + hexadecimal.toHexDigits(point, 8);
    }
}
