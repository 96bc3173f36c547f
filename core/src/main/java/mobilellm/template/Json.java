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

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// The filter `tojson`: Python's `json.dumps`, whose layout models have been trained on (`", "` and `": "`).
///
/// @param indent spaces per level, or -1 for one line
record Json(
        Budget budget,
        int indent,
        String itemSeparator,
        String keySeparator,
        boolean sortKeys,
        boolean ensureAscii,
        Output output) {

    void write(Value value) {
        write(value, 0);
    }

    private void write(Value value, int level) {
        budget.enter();
        switch (value) {
            case None _ -> output.append("null");
            case Bool(boolean flag) -> output.append(flag ? "true" : "false");
            case Int(BigInteger number) -> output.append(number.toString());
            case Real(double number) -> output.append(real(number));
            case Text(String text) -> output.append(quoted(text));
            case Array(List<Value> items) -> writeItems(items, level);
            case Tuple tuple -> writeItems(tuple.items(), level);
            case Dict dict -> writeEntries(dict, level);
            case Value.Undefined _,
                    Value.Listing _,
                    Value.Generator _,
                    Value.Namespace _,
                    Value.Function _,
                    Loop _ ->
                    throw new EvaluationException(
                            "Object of type "
                                    + Value.typeName(value)
                                    + " is not JSON serializable");
        }
        budget.leave();
    }

    private void writeItems(List<Value> items, int level) {
        output.append("[");
        String separator = "";
        for (Value item : items) {
            output.append(separator);
            newLine(level + 1);
            write(item, level + 1);
            separator = itemSeparator;
        }
        if (!items.isEmpty()) {
            newLine(level);
        }
        output.append("]");
    }

    private void writeEntries(Dict dict, int level) {
        List<Map.Entry<DictKey, Value>> entries = new ArrayList<>(dict.entries().entrySet());
        if (sortKeys) {
            entries.sort(
                    (left, right) ->
                            Operators.order(budget, left.getKey().value(), right.getKey().value()));
        }
        output.append("{");
        String separator = "";
        for (Map.Entry<DictKey, Value> entry : entries) {
            output.append(separator);
            newLine(level + 1);
            output.append(quoted(keyText(entry.getKey()))).append(keySeparator);
            write(entry.getValue(), level + 1);
            separator = itemSeparator;
        }
        if (!entries.isEmpty()) {
            newLine(level);
        }
        output.append("}");
    }

    private static String keyText(DictKey key) {
        return switch (key.value()) {
            case Text(String text) -> text;
            case Int(BigInteger number) -> number.toString();
            default -> "null";
        };
    }

    private void newLine(int level) {
        if (indent >= 0) {
            output.append("\n").repeat(" ", (long) indent * level);
        }
    }

    private static String real(double number) {
        if (Double.isNaN(number)) {
            return "NaN";
        }
        return Double.isInfinite(number)
                ? (number < 0 ? "-Infinity" : "Infinity")
                : Printer.real(number);
    }

    private String quoted(String text) {
        StringBuilder result = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            switch (character) {
                case '"' -> result.append("\\\"");
                case '\\' -> result.append("\\\\");
                case '\n' -> result.append("\\n");
                case '\r' -> result.append("\\r");
                case '\t' -> result.append("\\t");
                case '\b' -> result.append("\\b");
                case '\f' -> result.append("\\f");
                default -> {
                    if (character < ' ' || (ensureAscii && character > '~')) {
                        result.append("\\u").append(HexFormat.of().toHexDigits(character));
                    } else {
                        result.append(character);
                    }
                }
            }
        }
        return result.append('"').toString();
    }
}
