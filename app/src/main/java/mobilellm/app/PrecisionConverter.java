package mobilellm.app;

import mobilellm.config.Precision;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Arrays;
import java.util.stream.Collectors;

/// Precisions by their words.
final class PrecisionConverter implements ITypeConverter<Precision> {
    @Override
    public Precision convert(String value) {
        return Arrays.stream(Precision.values())
                .filter(precision -> precision.word().equals(value))
                .findFirst()
                .orElseThrow(
                        () ->
                                new TypeConversionException(
                                        "expected one of %s, got '%s'".formatted(words(), value)));
    }

    private static String words() {
        return Arrays.stream(Precision.values())
                .map(Precision::word)
                .collect(Collectors.joining(", "));
    }
}
