package mobilellm.gguf;

import mobilellm.file.TextList;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.RandomAccess;

/// An array of a GGUF file's metadata: values of one type, which an empty array has too.
public final class GgufArray extends AbstractList<Object> implements RandomAccess {
    private final ValueType type;
    private final List<?> elements;

    /// @param elements are not copied
    GgufArray(ValueType type, List<?> elements) {
        this.type = type;
        this.elements = elements;
    }

    /// An array of values, with the Java types of [GgufFile#metadata].
    ///
    /// @throws IllegalArgumentException if one is no value of the type
    public static GgufArray of(ValueType type, List<?> elements) {
        elements.forEach(type::require);
        return new GgufArray(type, List.copyOf(elements));
    }

    public static GgufArray texts(List<String> elements) {
        return of(ValueType.STRING, elements);
    }

    public static GgufArray floats(float[] elements) {
        Object[] boxed = new Object[elements.length];
        Arrays.setAll(boxed, i -> elements[i]);
        return new GgufArray(ValueType.FLOAT32, List.of(boxed));
    }

    /// Of type INT32, which is what ggml's programs write for token types.
    public static GgufArray integers(int[] elements) {
        return new GgufArray(ValueType.INT32, Arrays.stream(elements).boxed().toList());
    }

    /// The strings of an array of strings.
    public Optional<List<String>> texts() {
        return type == ValueType.STRING
                ? Optional.of(elements instanceof TextList texts ? texts : all(String.class))
                : Optional.empty();
    }

    /// The numbers of an array of INT32.
    public Optional<int[]> integers() {
        if (type != ValueType.INT32) {
            return Optional.empty();
        }
        return Optional.of(
                elements instanceof ScalarList scalars
                        ? scalars.integers()
                        : all(Integer.class).stream().mapToInt(Integer::intValue).toArray());
    }

    /// The numbers of an array of FLOAT32.
    public Optional<float[]> floats() {
        if (type != ValueType.FLOAT32) {
            return Optional.empty();
        }
        if (elements instanceof ScalarList scalars) {
            return Optional.of(scalars.floats());
        }
        float[] floats = new float[size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (Float) get(i);
        }
        return Optional.of(floats);
    }

    private <T> List<T> all(Class<T> type) {
        return elements.stream().map(type::cast).toList();
    }

    public ValueType type() {
        return type;
    }

    @Override
    public Object get(int index) {
        return elements.get(index);
    }

    @Override
    public int size() {
        return elements.size();
    }
}
