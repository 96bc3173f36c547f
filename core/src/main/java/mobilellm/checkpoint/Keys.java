package mobilellm.checkpoint;

import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// Typed access to the metadata of a file; errors name file and key.
final class Keys {
    private final String file;
    private final Map<String, Object> metadata;

    Keys(String file, Map<String, Object> metadata) {
        this.file = file;
        this.metadata = metadata;
    }

    Map<String, Object> all() {
        return metadata;
    }

    /// A whole number from 1 to 2^31 - 1.
    int size(String key) {
        return optionalSize(key).orElseThrow(() -> missing(key));
    }

    OptionalInt optionalSize(String key) {
        return optionalInteger(key, 1);
    }

    /// A whole number from 0 to 2^31 - 1.
    OptionalInt optionalIndex(String key) {
        return optionalInteger(key, 0);
    }

    private OptionalInt optionalInteger(String key, int least) {
        Optional<Number> number = optional(key, Number.class, "an integer");
        if (number.isEmpty()) {
            return OptionalInt.empty();
        }
        return switch (number.get()) {
            case Float single -> throw wrongType(key, "an integer", single);
            case Double real -> throw wrongType(key, "an integer", real);
            case Number integer -> {
                // A BigInteger is a UINT64 of at least 2^63.
                long value = integer instanceof BigInteger ? Long.MAX_VALUE : integer.longValue();
                if (value < least || value > Integer.MAX_VALUE) {
                    throw malformed(
                            key,
                            "is %s, expected %d to %d"
                                    .formatted(integer, least, Integer.MAX_VALUE));
                }
                yield OptionalInt.of((int) value);
            }
        };
    }

    double real(String key) {
        return optionalReal(key).orElseThrow(() -> missing(key));
    }

    /// A floating-point number. An f32 becomes the double of its shortest decimal form, which is what the author of the
    /// file wrote: 1e-5, not 9.999999747378752e-6.
    OptionalDouble optionalReal(String key) {
        Optional<Number> number = optional(key, Number.class, "a floating-point number");
        if (number.isEmpty()) {
            return OptionalDouble.empty();
        }
        return switch (number.get()) {
            case Float single -> OptionalDouble.of(Double.parseDouble(single.toString()));
            case Double value -> OptionalDouble.of(value);
            default -> throw wrongType(key, "a floating-point number", number.get());
        };
    }

    /// Any number; JSON does not tell 10000 from 10000.0.
    OptionalDouble optionalNumber(String key) {
        Optional<Number> number = optional(key, Number.class, "a number");
        return number.isPresent()
                ? OptionalDouble.of(number.get().doubleValue())
                : OptionalDouble.empty();
    }

    String string(String key) {
        return optionalString(key).orElseThrow(() -> missing(key));
    }

    Optional<String> optionalString(String key) {
        return optional(key, String.class, "a string");
    }

    Optional<Boolean> optionalFlag(String key) {
        return optional(key, Boolean.class, "true or false");
    }

    <E extends Enum<E>> Optional<E> optionalConstant(Class<E> type, String key) {
        return metadata.containsKey(key) ? Optional.of(constant(type, key)) : Optional.empty();
    }

    /// One of several words: `repeat-all-over` in the file is `REPEAT_ALL_OVER` here.
    <E extends Enum<E>> E constant(Class<E> type, String key) {
        String value = string(key);
        for (E constant : type.getEnumConstants()) {
            if (value.equals(constant.name().toLowerCase(Locale.ROOT).replace('_', '-'))) {
                return constant;
            }
        }
        throw malformed(
                key,
                "is %s, expected one of %s"
                        .formatted(
                                Printable.quote(value),
                                Arrays.toString(type.getEnumConstants())
                                        .toLowerCase(Locale.ROOT)
                                        .replace('_', '-')));
    }

    List<?> list(String key) {
        return optionalList(key).orElseThrow(() -> missing(key));
    }

    Optional<List<?>> optionalList(String key) {
        return optional(key, List.class, "an array").map(list -> (List<?>) list);
    }

    MalformedFileException malformed(String key, String problem) {
        return new MalformedFileException("%s: key '%s' %s".formatted(file, key, problem));
    }

    MalformedFileException malformed(String key, String problem, Throwable cause) {
        return new MalformedFileException("%s: key '%s' %s".formatted(file, key, problem), cause);
    }

    UnsupportedModelException unsupported(String key, String problem) {
        return new UnsupportedModelException("%s: key '%s' %s".formatted(file, key, problem));
    }

    MalformedFileException missing(String key) {
        return new MalformedFileException("%s: key '%s' is missing".formatted(file, key));
    }

    /// The members of an object.
    Optional<Keys> optionalObject(String key) {
        return optional(key, Map.class, "an object")
                .map(
                        object -> {
                            Map<String, Object> members = new LinkedHashMap<>();
                            ((Map<?, ?>) object)
                                    .forEach(
                                            (name, value) ->
                                                    members.put(String.valueOf(name), value));
                            return new Keys(file + ": " + key, members);
                        });
    }

    private <T> Optional<T> optional(String key, Class<T> type, String description) {
        Object value = metadata.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!type.isInstance(value)) {
            throw wrongType(key, description, value);
        }
        return Optional.of(type.cast(value));
    }

    private MalformedFileException wrongType(String key, String expected, Object value) {
        String found = value instanceof List<?> ? "an array" : Printable.quote(value.toString());
        return malformed(key, "should be %s, but is %s".formatted(expected, found));
    }
}
