package mobilellm.gguf;

import mobilellm.file.Printable;
import mobilellm.gguf.GgufFile.Contents;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;

import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A model in several files, `NAME-00001-of-00003.gguf` and so on, as llama.cpp's gguf-split writes them: each part is a
/// GGUF file with some of the tensors; the first one has all metadata, the others only the three keys that tell the parts
/// apart. A model in one file is a set of one part.
///
/// @param path of one part
/// @param index its place in the set, from 0
/// @param count parts in the set
/// @param tensors tensors in all parts together; -1 where the part does not say
record SplitModel(Path path, int index, int count, int tensors) {
    private static final String INDEX = "split.no";
    private static final String COUNT = "split.count";
    private static final String TENSORS = "split.tensors.count";
    private static final int MOST_PARTS = 65_535;

    private static final Pattern NAME = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.gguf");

    /// What a file says of the set that it belongs to.
    static SplitModel of(Path path, Contents contents) {
        Map<String, GgufValue> metadata = contents.metadata();
        int count = integer(path, metadata, COUNT, 1, 1, MOST_PARTS);
        SplitModel split =
                new SplitModel(
                        path,
                        integer(path, metadata, INDEX, 0, 0, count - 1),
                        count,
                        integer(path, metadata, TENSORS, -1, 0, Integer.MAX_VALUE));
        if (count > 1) {
            split.requireName();
        }
        return split;
    }

    /// Whether the name is that of a part which is not the first of its set.
    static boolean isLaterPart(Path path) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        return name.matches() && !name.group(2).equals("00001");
    }

    private static int integer(
            Path path,
            Map<String, GgufValue> metadata,
            String key,
            int absent,
            int least,
            int most) {
        GgufValue found = metadata.get(key);
        if (found == null) {
            return absent;
        }
        Object value = found.value();
        boolean isInteger =
                value instanceof Number
                        && !(value instanceof Float)
                        && !(value instanceof Double)
                        && !(value instanceof BigInteger);
        long number = isInteger ? ((Number) value).longValue() : -1;
        if (number < least || number > most) {
            throw new MalformedFileException(
                    "%s: key '%s' is %s, expected an integer from %d to %d"
                            .formatted(path, key, Printable.quote(value.toString()), least, most));
        }
        return (int) number;
    }

    /// The other parts are found by name, so the name has to agree with what the file says.
    private void requireName() {
        String name = path.getFileName().toString();
        String end = "-%05d-of-%05d.gguf".formatted(index + 1, count);
        if (!name.endsWith(end) || name.length() == end.length()) {
            throw new MalformedFileException(
                    "%s: key '%s' says that this is part %d of a model in %d files, but its name does not end in %s; give all parts the names that they were made with, in one folder, or merge them (llama-gguf-split --merge)"
                            .formatted(path, INDEX, index + 1, count, end));
        }
    }

    /// Where part `other`, from 0, should be.
    Path part(int other) {
        if (count == 1) {
            return path;
        }
        String name = path.getFileName().toString();
        String end = "-%05d-of-%05d.gguf";
        String stem = name.substring(0, name.length() - end.formatted(index + 1, count).length());
        return path.resolveSibling(stem + end.formatted(other + 1, count));
    }

    /// All parts as one file.
    ///
    /// @param parts in order, each checked by [#requireSameSet]
    Contents join(List<Contents> parts) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (int i = 0; i < parts.size(); i++) {
            for (Tensor tensor : parts.get(i).tensors().values()) {
                if (all.putIfAbsent(tensor.name(), tensor) != null) {
                    throw new MalformedFileException(
                            "%s: tensor %s is in an earlier part of the model already"
                                    .formatted(part(i), Printable.quote(tensor.name())));
                }
            }
        }
        if (tensors != -1 && tensors != all.size()) {
            throw new MalformedFileException(
                    "%s: key '%s' is %d, but the %s %d tensors"
                            .formatted(
                                    path,
                                    TENSORS,
                                    tensors,
                                    count == 1 ? "file has" : "parts have",
                                    all.size()));
        }
        Contents first = parts.getFirst();
        return new Contents(first.version(), first.metadata(), Collections.unmodifiableMap(all));
    }

    /// Refuses a part that says something else than the first one.
    ///
    /// @param place where the part was looked for, from 0
    void requireSameSet(SplitModel first, int place) {
        require(INDEX, index, place);
        require(COUNT, count, first.count());
        require(TENSORS, tensors, first.tensors());
    }

    private void require(String key, int value, int expected) {
        if (value != expected) {
            throw new MalformedFileException(
                    "%s: key '%s' is %s, expected %d: the file belongs to another set of parts"
                            .formatted(path, key, value == -1 ? "missing" : value, expected));
        }
    }

    /// Refuses metadata of a later part that the first part has not, or has otherwise: they may change what the model
    /// computes, and nobody would read them.
    void requireNothingNew(Map<String, GgufValue> first, Map<String, GgufValue> own) {
        own.forEach(
                (key, value) -> {
                    if (!key.equals(INDEX) && !Objects.equals(first.get(key), value)) {
                        throw new MalformedFileException(
                                "%s: key %s is not in the first part of the model, or has another value there"
                                        .formatted(path, Printable.quote(key)));
                    }
                });
    }
}
