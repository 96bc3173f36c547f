package mobilellm.evaluation.task;

import mobilellm.file.JsonReader;
import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// A JSON object of a data file, whose fields are checked when they are asked for.
///
/// @param place the file and the line, for messages
public record Row(String place, Map<String, Object> fields) {
    private static final List<String> IDS = List.of("id", "ind", "question_id", "example_id");

    /// The rows of a file with one object a line. Only a line feed ends a line: texts contain other separators.
    ///
    /// @throws MalformedFileException if a line is no JSON object in UTF-8
    public static List<Row> read(byte[] lines, String file) {
        List<Row> rows = new ArrayList<>();
        int start = 0;
        for (int line = 1; start < lines.length; line++) {
            int end = start;
            while (end < lines.length && lines[end] != '\n') {
                end++;
            }
            byte[] text = Arrays.copyOfRange(lines, start, end);
            if (!new String(text, StandardCharsets.UTF_8).isBlank()) {
                String place = file + " line " + line;
                rows.add(new Row(place, JsonReader.readObject(text, place)));
            }
            start = end + 1;
        }
        return rows;
    }

    /// The file, the line and the document's own id.
    String document() {
        return IDS.stream()
                .filter(fields::containsKey)
                .findFirst()
                .map(key -> place + ", " + key + " " + Printable.quote("" + fields.get(key)))
                .orElse(place);
    }

    /// What to throw where something is wrong with this object.
    public MalformedFileException malformed(String problem) {
        return new MalformedFileException(document() + ": " + problem);
    }

    private MalformedFileException unexpected(String field, String expected) {
        String found =
                fields.containsKey(field)
                        ? "is " + Printable.quote("" + fields.get(field))
                        : "is missing";
        return malformed("the field '%s' %s, expected %s".formatted(field, found, expected));
    }

    /// A text.
    ///
    /// @throws MalformedFileException naming the document, if there is none
    public String text(String field) {
        if (fields.get(field) instanceof String text) {
            return text;
        }
        throw unexpected(field, "a text");
    }

    /// A text that is more than blanks.
    String filled(String field) {
        if (text(field).isBlank()) {
            throw malformed("the field '" + field + "' is empty, so nothing is asked");
        }
        return text(field);
    }

    boolean flag(String field) {
        if (fields.get(field) instanceof Boolean flag) {
            return flag;
        }
        throw unexpected(field, "true or false");
    }

    /// A number of its own, or as a text.
    int index(String field, int size) {
        try {
            int index = Integer.parseInt(String.valueOf(fields.get(field)));
            if (index >= 0 && index < size) {
                return index;
            }
        } catch (NumberFormatException e) {
            // Told below, as an index out of range is.
        }
        throw unexpected(field, "a number from 0 to " + (size - 1));
    }

    /// The index of a choice that is named by its letter, A being the first.
    int letter(String field, int size) {
        String letters = "ABCDEFGHIJ".substring(0, Math.min(size, 10));
        int index = text(field).length() == 1 ? letters.indexOf(text(field)) : -1;
        if (index < 0) {
            throw unexpected(field, "one of the letters " + letters);
        }
        return index;
    }

    /// A list of texts, none of which is empty: a likelihood is divided by their length.
    List<String> choices(String field) {
        List<String> choices = texts(field);
        if (choices.size() < 2) {
            throw malformed("the field '" + field + "' has less than two choices");
        }
        for (int i = 0; i < choices.size(); i++) {
            if (choices.get(i).isBlank()) {
                throw malformed(
                        "choice %d of the field '%s' is empty, so it has no likelihood for each character"
                                .formatted(i, field));
            }
        }
        return choices;
    }

    /// A text that may be missing; then nothing.
    public String optional(String field) {
        return fields.containsKey(field) ? text(field) : "";
    }

    /// A list of texts.
    public List<String> texts(String field) {
        if (fields.get(field) instanceof List<?> list
                && list.stream().allMatch(String.class::isInstance)) {
            return list.stream().map(String.class::cast).toList();
        }
        throw unexpected(field, "a list of texts");
    }

    /// An object within this one.
    Row row(String field) {
        if (fields.get(field) instanceof Map<?, ?> map) {
            return inner(map, "'" + field + "'");
        }
        throw unexpected(field, "an object");
    }

    /// The objects of a list.
    public List<Row> rows(String field) {
        if (fields.get(field) instanceof List<?> list
                && list.stream().allMatch(Map.class::isInstance)) {
            return IntStream.range(0, list.size())
                    .mapToObj(i -> inner((Map<?, ?>) list.get(i), "number " + (i + 1)))
                    .toList();
        }
        throw unexpected(field, "a list of objects");
    }

    private Row inner(Map<?, ?> map, String where) {
        @SuppressWarnings("unchecked") // The keys of a JSON object are texts.
        Map<String, Object> inner = (Map<String, Object>) map;
        return new Row(document() + ", " + where, inner);
    }

    Document asks(Question question) {
        return new Document(document(), fields, question);
    }
}
