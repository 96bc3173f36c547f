package mobilellm.tokenizer;

import mobilellm.testing.Shared;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// A JSON object of a reference file; a member that a test asks for must be there.
record JsonObject(Map<String, Object> members) {
    private static final JsonFactory FACTORY = new JsonFactory();

    static JsonObject file(String shared) {
        return parse(read(shared));
    }

    /// One object a line; the texts in it may hold other line separators than a line feed.
    static List<JsonObject> lines(String shared) {
        return parseLines(read(shared));
    }

    static List<JsonObject> parseLines(String text) {
        List<JsonObject> rows = new ArrayList<>();
        for (String line : text.split("\n", 0)) {
            rows.add(parse(line));
        }
        return rows;
    }

    boolean has(String name) {
        return members.containsKey(name);
    }

    String text(String name) {
        return (String) member(name);
    }

    long number(String name) {
        return (Long) member(name);
    }

    JsonObject object(String name) {
        return (JsonObject) member(name);
    }

    List<JsonObject> objects(String name) {
        return ((List<?>) member(name)).stream().map(JsonObject.class::cast).toList();
    }

    List<String> texts(String name) {
        return ((List<?>) member(name)).stream().map(String.class::cast).toList();
    }

    int[] ints(String name) {
        return ((List<?>) member(name))
                .stream().mapToInt(item -> ((Long) item).intValue()).toArray();
    }

    private Object member(String name) {
        return Objects.requireNonNull(members.get(name), name);
    }

    private static String read(String shared) {
        try {
            return Files.readString(Shared.path(shared));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonObject parse(String source) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), source)) {
            parser.nextToken();
            return object(parser);
        }
    }

    private static JsonObject object(JsonParser parser) {
        Map<String, Object> members = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            members.put(name, value(parser));
        }
        return new JsonObject(members);
    }

    private static Object value(JsonParser parser) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> {
                List<Object> items = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    items.add(value(parser));
                }
                yield items;
            }
            case VALUE_NUMBER_INT -> parser.getLongValue();
            default -> String.valueOf(parser.getString());
        };
    }
}
