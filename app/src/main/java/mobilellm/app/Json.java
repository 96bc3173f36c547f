package mobilellm.app;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.jr.ob.JSON;

import java.util.Map;

/// JSON text to maps, lists, strings, numbers and booleans, and back.
final class Json {
    private Json() {}

    /// One line of JSON; keys in the order of the map.
    static String write(Object value) {
        return JSON.std.asString(value);
    }

    /// @param what names the text in an error, such as `line 3 of prompts.jsonl`
    /// @throws IllegalArgumentException if `text` is no JSON object
    static Map<String, Object> readObject(String text, String what) {
        Object value = read(text, what);
        if (!(value instanceof Map<?, ?>)) {
            throw new IllegalArgumentException(what + ": expected a JSON object {…}");
        }
        @SuppressWarnings("unchecked") // A JSON object has string keys.
        Map<String, Object> object = (Map<String, Object>) value;
        return object;
    }

    /// @throws IllegalArgumentException if `text` is no JSON value
    static Object read(String text, String what) {
        try (JsonParser parser = JSON.std.createParser(text)) {
            Object value = JSON.std.anyFrom(parser);
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException(what + ": more follows the JSON value");
            }
            if (value == null) {
                throw new IllegalArgumentException(what + ": expected a JSON value, got null");
            }
            return value;
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    what + " is not JSON: " + e.getOriginalMessage() + position(e), e);
        }
    }

    private static String position(JacksonException failure) {
        TokenStreamLocation location = failure.getLocation();
        return location == null
                ? ""
                : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")";
    }
}
