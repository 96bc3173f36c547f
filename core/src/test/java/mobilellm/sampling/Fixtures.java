package mobilellm.sampling;

import mobilellm.testing.Shared;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/// The stored reference outputs for sampling, as maps and lists.
final class Fixtures {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Fixtures() {}

    /// One JSON object; a key that is asked for must be there.
    record Row(Map<String, Object> values) {
        boolean has(String key) {
            return values.containsKey(key);
        }

        Object value(String key) {
            return Objects.requireNonNull(values.get(key), key);
        }

        String text(String key) {
            return (String) value(key);
        }

        double number(String key) {
            return toNumber(value(key));
        }

        double[] numbers(String key) {
            return toNumbers(value(key));
        }

        int[] ids(String key) {
            return DoubleStream.of(numbers(key)).mapToInt(id -> (int) id).toArray();
        }

        Row row(String key) {
            return toRow(value(key));
        }
    }

    static Stream<Row> lines(String name) {
        return read(name).lines().map(Fixtures::parse);
    }

    /// Rows of logits by name.
    static Row logits() {
        return parse(read("logits.json")).row("rows");
    }

    static double toNumber(Object value) {
        return switch (value) {
            case Double number -> number;
            case String text when text.equals("-inf") -> Double.NEGATIVE_INFINITY;
            default -> throw new IllegalArgumentException("not a number: " + value);
        };
    }

    private static double[] toNumbers(Object list) {
        return ((List<?>) list).stream().mapToDouble(Fixtures::toNumber).toArray();
    }

    private static Row toRow(Object object) {
        Map<String, Object> values = new LinkedHashMap<>();
        ((Map<?, ?>) object).forEach((key, item) -> values.put((String) key, item));
        return new Row(values);
    }

    private static String read(String name) {
        try {
            return Files.readString(Shared.path("fixtures/sampling/" + name));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Row parse(String text) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            parser.nextToken();
            return toRow(value(parser));
        }
    }

    private static Object value(JsonParser parser) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> object = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    object.put(name, value(parser));
                }
                yield object;
            }
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
            default -> throw new IllegalArgumentException("unexpected " + parser.currentToken());
        };
    }
}
