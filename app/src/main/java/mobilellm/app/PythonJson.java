package mobilellm.app;

import java.util.List;
import java.util.Map;

/// JSON as Python's `json.dumps(value, indent=2, ensure_ascii=False)` lays it out: results are read, and hashes of
/// documents compared, in that form.
final class PythonJson {
    private PythonJson() {}

    static String write(Object value) {
        StringBuilder text = new StringBuilder();
        write(value, "\n", text);
        return text.toString();
    }

    /// @param lineBreak and the indentation of the value
    private static void write(Object value, String lineBreak, StringBuilder text) {
        String inner = lineBreak + "  ";
        switch (value) {
            case Map<?, ?> map when !map.isEmpty() -> {
                String separator = "{" + inner;
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    text.append(separator).append(Json.write(entry.getKey())).append(": ");
                    write(entry.getValue(), inner, text);
                    separator = "," + inner;
                }
                text.append(lineBreak).append('}');
            }
            case List<?> list when !list.isEmpty() -> {
                String separator = "[" + inner;
                for (Object element : list) {
                    text.append(separator);
                    write(element, inner, text);
                    separator = "," + inner;
                }
                text.append(lineBreak).append(']');
            }
            default -> text.append(Json.write(value));
        }
    }
}
