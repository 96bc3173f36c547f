package mobilellm.app;

import mobilellm.config.LayerSharing;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

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
                    named(LayerSharing.Strategy.values(), "strategy", parts.get(0)),
                    repeats,
                    named(LayerSharing.Cache.values(), "cache", parts.get(2)));
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
    }

    /// The name of a strategy or cache mode as users type it: `REPEAT_ALL_OVER` is `repeat-all-over`.
    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static <E extends Enum<E>> E named(E[] constants, String what, String name) {
        for (E constant : constants) {
            if (name(constant).equals(name)) {
                return constant;
            }
        }
        List<String> names = Arrays.stream(constants).map(SharingConverter::name).toList();
        throw new TypeConversionException(
                "expected as %s one of %s, got '%s'"
                        .formatted(what, String.join(", ", names), name));
    }
}
