package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A small part of a JSON document, an object, with typed access; errors name the member. A member that is `null` is
/// treated as absent.
record JsonTree(String path, Map<String, Object> members) {

    /// Reads the object that the parser stands on.
    static JsonTree read(JsonParser parser, String path) {
        return value(parser, path) instanceof JsonTree tree ? tree : none(path);
    }

    static JsonTree none(String path) {
        return new JsonTree(path, Map.of());
    }

    /// Reads the value that the parser stands on; null gives an empty list of members.
    private static Object value(JsonParser parser, String path) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> members = new LinkedHashMap<>();
                while (parser.nextName() != null) {
                    String name = parser.currentName();
                    parser.nextToken();
                    if (!parser.hasToken(JsonToken.VALUE_NULL)) {
                        members.put(name, value(parser, path + "." + name));
                    }
                }
                yield new JsonTree(path, members);
            }
            case START_ARRAY -> {
                List<Object> items = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    items.add(value(parser, path + "[" + items.size() + "]"));
                }
                yield items;
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_NULL -> none(path);
            default -> parser.getString();
        };
    }

    /// How many objects there are, this one and those inside.
    int parts() {
        int parts = 1;
        for (Object member : members.values()) {
            for (Object item : member instanceof List<?> list ? list : List.of(member)) {
                parts += item instanceof JsonTree tree ? tree.parts() : 0;
            }
        }
        return parts;
    }

    boolean has(String name) {
        return members.containsKey(name);
    }

    /// The member `type`, by which components are named.
    String type() {
        return string("type");
    }

    String string(String name) {
        if (members.get(name) instanceof String string) {
            return string;
        }
        throw wrong(name, "a string");
    }

    String string(String name, String otherwise) {
        return has(name) ? string(name) : otherwise;
    }

    boolean flag(String name, boolean otherwise) {
        if (!has(name)) {
            return otherwise;
        }
        if (members.get(name) instanceof Boolean flag) {
            return flag;
        }
        throw wrong(name, "true or false");
    }

    /// A whole number from 0 to 2^31 - 1.
    int index(String name) {
        if (members.get(name) instanceof Double number
                && number >= 0
                && number <= Integer.MAX_VALUE
                && number == Math.rint(number)) {
            return (int) (double) number;
        }
        throw wrong(name, "a whole number from 0 to 2147483647");
    }

    int index(String name, int otherwise) {
        return has(name) ? index(name) : otherwise;
    }

    JsonTree object(String name) {
        if (members.get(name) instanceof JsonTree tree) {
            return tree;
        }
        throw wrong(name, "an object");
    }

    /// The objects in a list; an absent one has none.
    List<JsonTree> objects(String name) {
        if (!has(name)) {
            return List.of();
        }
        if (!(members.get(name) instanceof List<?> list)) {
            throw wrong(name, "a list");
        }
        List<JsonTree> trees = new ArrayList<>();
        for (Object item : list) {
            if (!(item instanceof JsonTree tree)) {
                throw wrong(name, "a list of objects");
            }
            trees.add(tree);
        }
        return trees;
    }

    /// What is refused because it is not known here.
    UnsupportedModelException unsupported(String what) {
        return new UnsupportedModelException(
                "tokenizer.json, %s: %s is not supported".formatted(path, what));
    }

    MalformedFileException malformed(String problem) {
        return new MalformedFileException("tokenizer.json, %s: %s".formatted(path, problem));
    }

    private MalformedFileException wrong(String name, String expected) {
        return malformed("member '%s' should be %s".formatted(name, expected));
    }
}
