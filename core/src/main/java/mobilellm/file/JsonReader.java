package mobilellm.file;

import mobilellm.tensor.MalformedFileException;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/// Reads a JSON document that a stranger wrote, front to back. Depth and lengths are bounded, no object may name a member
/// twice, nothing may follow the document, and every failure says where it happened.
public final class JsonReader {
    private static final int DEEPEST = 64;
    private static final int LONGEST_NAME = 1 << 16;
    private static final int LONGEST_STRING = 16 << 20;
    private static final int LONGEST_NUMBER =
            400; // digits; a double has at most 309 before the point

    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(DEEPEST)
                                    .maxNameLength(LONGEST_NAME)
                                    .maxStringLength(LONGEST_STRING)
                                    .maxNumberLength(LONGEST_NUMBER)
                                    .build())
                    .build();

    private final JsonParser parser;
    private final String file;
    private final long offset;
    private String kind = "";
    private String name = "";

    private JsonReader(JsonParser parser, String file, long offset) {
        this.parser = parser;
        this.file = file;
        this.offset = offset;
    }

    /// Reads a whole document.
    ///
    /// @param offset where in the file the document starts, for messages
    /// @param document reads the one value of the document
    /// @throws MalformedFileException if the bytes are no JSON document in UTF-8, or `document` says so
    public static <T> T read(
            byte[] utf8, String file, long offset, Function<JsonReader, T> document) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), utf8)) {
            JsonReader reader = new JsonReader(parser, file, offset);
            if (parser.nextToken() == null) {
                throw reader.malformed("there is no JSON document, only white space");
            }
            T result = document.apply(reader);
            if (parser.nextToken() != null) {
                throw reader.malformed("something follows the JSON document");
            }
            return result;
        } catch (JacksonException e) {
            long at = e.getLocation() == null ? -1 : e.getLocation().getByteOffset();
            throw new MalformedFileException(
                    "%s: byte %d: not well-formed JSON: %s"
                            .formatted(
                                    file,
                                    offset + Math.max(0, at),
                                    Printable.line(String.valueOf(e.getOriginalMessage()))),
                    e);
        }
    }

    /// The members of a document that is an object, in their order; see [#value] for the Java types.
    ///
    /// @throws MalformedFileException if the bytes are no JSON object in UTF-8
    public static Map<String, Object> readObject(byte[] utf8, String file) {
        return read(utf8, file, 0, JsonReader::members);
    }

    /// Says what is read from here on, for messages: `tensor`, and its name.
    public void enter(String newKind, String newName) {
        kind = newKind;
        name = newName;
    }

    /// Reads an object; `member` is called with each name and has to read its value.
    public void object(String what, Consumer<String> member) {
        expect(JsonToken.START_OBJECT, what, "an object");
        Set<String> names = new HashSet<>(4);
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            if (!names.add(key)) {
                throw malformed("%s names %s twice".formatted(what, Printable.quote(key)));
            }
            parser.nextToken();
            member.accept(key);
        }
    }

    /// Reads an array; `element` is called for each element and has to read it.
    public void array(String what, Runnable element) {
        expect(JsonToken.START_ARRAY, what, "an array");
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            element.run();
        }
    }

    /// Reads a string.
    public String string(String what) {
        expect(JsonToken.VALUE_STRING, what, "a string");
        return parser.getString();
    }

    /// Reads a whole number from 0 to 2^63 - 1.
    public long size(String what) {
        expect(JsonToken.VALUE_NUMBER_INT, what, "a whole number");
        String text = parser.getString();
        try {
            long value = Long.parseLong(text);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Too long: told below.
        }
        throw malformed("%s is %s, expected 0 to 2^63 - 1".formatted(what, Printable.quote(text)));
    }

    /// Reads any value: `Map`, `List`, `String`, `Boolean`, `Integer`, `Long`, `BigInteger` or `Double`. A `null` in an
    /// object or a list is left out, as if it were not there.
    public Object value() {
        return switch (parser.currentToken()) {
            case START_OBJECT -> members();
            case START_ARRAY -> {
                List<Object> elements = new ArrayList<>();
                array("array", () -> ifPresent(elements::add));
                yield Collections.unmodifiableList(elements);
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT -> parser.getNumberValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_STRING -> parser.getString();
            default -> throw malformed("unexpected " + parser.currentToken());
        };
    }

    private Map<String, Object> members() {
        Map<String, Object> members = new LinkedHashMap<>();
        object("the document", key -> ifPresent(value -> members.put(key, value)));
        return Collections.unmodifiableMap(members);
    }

    private void ifPresent(Consumer<Object> action) {
        if (parser.currentToken() != JsonToken.VALUE_NULL) {
            action.accept(value());
        }
    }

    /// An exception that names the place of the value that was read last.
    public MalformedFileException malformed(String problem) {
        long at = offset + Math.max(0, parser.currentTokenLocation().getByteOffset());
        String place = kind.isEmpty() ? "" : kind + " " + Printable.quote(name) + ", ";
        return new MalformedFileException("%s: %sbyte %d: %s".formatted(file, place, at, problem));
    }

    private void expect(JsonToken token, String what, String expected) {
        if (parser.currentToken() != token) {
            throw malformed(
                    "%s should be %s, but is %s".formatted(what, expected, parser.currentToken()));
        }
    }
}
