package mobilellm.gguf;

import mobilellm.file.Cursor;
import mobilellm.file.Printable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// Reads the key-value pairs that precede the tensors.
final class MetadataReader {
    static final int LONGEST_KEY = (1 << 16) - 1;
    private static final int LONGEST_STRING = 16 << 20;
    private static final int LONGEST_ARRAY = 64 << 20;
    private static final int DEEPEST_ARRAY = 4;

    /// Key length, one letter, value type, one byte of value.
    static final int LEAST_PAIR_BYTES = 8 + 1 + 4 + 1;

    private static final int LEAST_ARRAY_BYTES = 4 + 8;
    private static final int LEAST_STRING_BYTES = 8;

    static final String ALIGNMENT_KEY = "general.alignment";
    static final long USUAL_ALIGNMENT = 32;

    private final Cursor cursor;
    private long alignment = USUAL_ALIGNMENT;

    MetadataReader(Cursor cursor) {
        this.cursor = cursor;
    }

    /// Pairs in the order of the file.
    Map<String, GgufValue> read(int count) {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            cursor.enter("metadata pair " + i);
            long at = cursor.offset();
            String key = readName(cursor, "key", LONGEST_KEY);
            cursor.enter("key " + Printable.quote(key));
            GgufValue value = key.equals(ALIGNMENT_KEY) ? readAlignment() : readTyped();
            if (metadata.putIfAbsent(key, value) != null) {
                throw cursor.malformed(at, "the key is there twice");
            }
        }
        return Collections.unmodifiableMap(metadata);
    }

    /// What tensor data are aligned to in this file, in bytes; 32 unless the metadata say otherwise.
    long alignment() {
        return alignment;
    }

    private GgufValue readTyped() {
        ValueType type = readType();
        return new GgufValue(type, readValue(type, 0));
    }

    private GgufValue readAlignment() {
        ValueType type = readType();
        long at = cursor.offset();
        Object value = readValue(type, 0);
        if (type != ValueType.UINT32 || Long.bitCount((Long) value) != 1) {
            throw cursor.malformed(
                    at,
                    "expected a power of two as UINT32, got %s %s"
                            .formatted(type, Printable.quote(value.toString())));
        }
        alignment = (Long) value;
        return new GgufValue(type, value);
    }

    /// A key or tensor name: not empty, and nothing in it that a terminal would act on.
    static String readName(Cursor cursor, String what, int mostBytes) {
        long at = cursor.offset();
        String name = cursor.readString(what, mostBytes);
        if (name.isEmpty()) {
            throw cursor.malformed(at, "the %s is empty".formatted(what));
        }
        if (name.codePoints().anyMatch(Printable::isControl)) {
            throw cursor.malformed(
                    at, "the %s %s has control characters".formatted(what, Printable.quote(name)));
        }
        return name;
    }

    private ValueType readType() {
        long at = cursor.offset();
        int id = cursor.readInt("value type");
        if (id < 0 || id >= ValueType.BY_ID.size()) {
            throw cursor.malformed(
                    at,
                    "value type is %s, expected 0 to %d"
                            .formatted(Integer.toUnsignedString(id), ValueType.BY_ID.size() - 1));
        }
        return ValueType.BY_ID.get(id);
    }

    private Object readValue(ValueType type, int depth) {
        return switch (type) {
            case STRING -> cursor.readString("string", LONGEST_STRING);
            case ARRAY -> readArray(depth + 1);
            default -> {
                MemorySegment bytes = takeScalars(type, 1);
                yield type.decode(bytes, 0);
            }
        };
    }

    private GgufArray readArray(int depth) {
        if (depth > DEEPEST_ARRAY) {
            throw cursor.malformed(
                    cursor.offset(),
                    "arrays are nested deeper than %d levels".formatted(DEEPEST_ARRAY));
        }
        ValueType type = readType();
        int leastBytes =
                switch (type) {
                    case STRING -> LEAST_STRING_BYTES;
                    case ARRAY -> LEAST_ARRAY_BYTES;
                    default -> type.bytes();
                };
        int count = cursor.readCount("length of the array", LONGEST_ARRAY, leastBytes);
        if (type.bytes() > 0) {
            byte[] bytes = takeScalars(type, count).toArray(ValueLayout.JAVA_BYTE);
            return new GgufArray(type, new ScalarList(type, bytes));
        }
        if (type == ValueType.STRING) {
            return new GgufArray(type, cursor.readStrings(count, "string", LONGEST_STRING));
        }
        Object[] values = new Object[count];
        for (int i = 0; i < count; i++) {
            values[i] = readValue(type, depth);
        }
        return new GgufArray(type, Arrays.asList(values));
    }

    private MemorySegment takeScalars(ValueType type, int count) {
        long at = cursor.offset();
        MemorySegment bytes = cursor.take((long) count * type.bytes(), type.name());
        if (type == ValueType.BOOL) {
            for (int i = 0; i < count; i++) {
                int value = bytes.get(ValueLayout.JAVA_BYTE, i);
                if (value != 0 && value != 1) {
                    throw cursor.malformed(
                            at + i, "BOOL is %d, expected 0 or 1".formatted(value & 0xff));
                }
            }
        }
        return bytes;
    }
}
