package mobilellm.file;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultPrettyPrinter;

import java.io.StringWriter;
import java.util.List;
import java.util.Map;

/// Maps with texts as keys, lists, texts, numbers, booleans and nulls as JSON text. Anything else is an
/// `IllegalArgumentException`.
public final class JsonText {
    private static final JsonFactory JSON = new JsonFactory();

    private JsonText() {}

    /// A value on one line.
    public static String of(Object value) {
        return text(value, ObjectWriteContext.empty());
    }

    /// A document as Transformers writes it: members below each other, and a new line at its end.
    public static String document(Map<String, ?> members) {
        ObjectWriteContext pretty =
                new ObjectWriteContext.Base() {
                    @Override
                    public DefaultPrettyPrinter getPrettyPrinter() {
                        return new DefaultPrettyPrinter();
                    }
                };
        return text(members, pretty) + "\n";
    }

    private static String text(Object value, ObjectWriteContext form) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(form, text)) {
            write(json, value);
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, @Nullable Object value) {
        switch (value) {
            case null -> json.writeNull();
            case Map<?, ?> map -> {
                json.writeStartObject();
                map.forEach(
                        (key, member) -> {
                            json.writeName(String.valueOf(key));
                            write(json, member);
                        });
                json.writeEndObject();
            }
            case List<?> list -> {
                json.writeStartArray();
                list.forEach(element -> write(json, element));
                json.writeEndArray();
            }
            case String text -> json.writeString(text);
            case Integer number -> json.writeNumber(number);
            case Long number -> json.writeNumber(number);
            case Double number -> json.writeNumber(number);
            case Boolean flag -> json.writeBoolean(flag);
            default -> throw new IllegalArgumentException("no JSON value: " + value.getClass());
        }
    }
}
