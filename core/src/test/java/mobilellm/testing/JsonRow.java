package mobilellm.testing;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// A JSON object of a reference file. A key that is asked for must be there.
///
/// @param values texts, doubles, booleans, lists and maps; a key whose value is null is left out
public record JsonRow(Map<String, Object> values) {
    private static final JsonFactory FACTORY = new JsonFactory();

    /// The object that a whole file holds.
    public static JsonRow read(Path path) throws IOException {
        return parse(Files.readString(path));
    }

    public static JsonRow parse(String text) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            parser.nextToken();
            return new JsonRow(object(parser));
        }
    }

    public boolean has(String key) {
        return values.containsKey(key);
    }

    public String text(String key) {
        return (String) value(key);
    }

    public double number(String key) {
        return (double) value(key);
    }

    public int[] ids(String key) {
        return list(key).stream().mapToInt(id -> ((Double) id).intValue()).toArray();
    }

    public List<?> list(String key) {
        return (List<?>) value(key);
    }

    public JsonRow row(String key) {
        return toRow(value(key));
    }

    public List<JsonRow> rows(String key) {
        return list(key).stream().map(JsonRow::toRow).toList();
    }

    private Object value(String key) {
        return Objects.requireNonNull(values.get(key), key);
    }

    private static JsonRow toRow(Object object) {
        Map<String, Object> values = new LinkedHashMap<>();
        ((Map<?, ?>) object).forEach((key, item) -> values.put((String) key, item));
        return new JsonRow(values);
    }

    private static Map<String, Object> object(JsonParser parser) {
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_NULL) {
                object.put(name, value(parser));
            }
        }
        return object;
    }

    private static Object value(JsonParser parser) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_STRING -> parser.getString();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw new IllegalArgumentException("unexpected " + parser.currentToken());
        };
    }
}
