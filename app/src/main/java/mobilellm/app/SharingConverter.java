package mobilellm.app;

import mobilellm.config.LayerSharing;
import mobilellm.config.LayerSharing.Cache;
import mobilellm.config.LayerSharing.Strategy;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/// `STRATEGY:REPEATS:CACHE`, such as `immediate:2:own`.
final class SharingConverter implements ITypeConverter<LayerSharing> {
    @Override
    public LayerSharing convert(String value) {
        List<String> parts = List.of(value.split(":", -1));
        if (parts.size() != 3) {
            throw new TypeConversionException(
                    "expected STRATEGY:REPEATS:CACHE such as immediate:2:own, got '" + value + "'");
        }
        int repeats = Converters.integer(parts.get(1), 1, LayerSharing.MAXIMUM_REPEATS);
        try {
            return new LayerSharing(
                    named(Strategy.values(), Strategy::word, "strategy", parts.get(0)),
                    repeats,
                    named(Cache.values(), Cache::word, "cache", parts.get(2)));
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
    }

    /// As [#convert] reads it.
    static String word(LayerSharing sharing) {
        return "%s:%d:%s"
                .formatted(sharing.strategy().word(), sharing.repeats(), sharing.cache().word());
    }

    private static <E> E named(E[] constants, Function<E, String> word, String what, String name) {
        for (E constant : constants) {
            if (word.apply(constant).equals(name)) {
                return constant;
            }
        }
        throw new TypeConversionException(
                "expected as %s one of %s, got '%s'"
                        .formatted(
                                what,
                                Arrays.stream(constants)
                                        .map(word)
                                        .collect(Collectors.joining(", ")),
                                name));
    }
}
