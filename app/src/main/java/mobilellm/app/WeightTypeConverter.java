package mobilellm.app;

import mobilellm.quant.Quantise;
import mobilellm.tensor.DType;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Locale;
import java.util.stream.Collectors;

/// A type that weights can be written in, such as `q8_0`.
final class WeightTypeConverter implements ITypeConverter<DType> {
    @Override
    public DType convert(String value) {
        for (DType type : Quantise.TYPES) {
            if (type.name().equalsIgnoreCase(value)) {
                return type;
            }
        }
        throw new TypeConversionException(
                "expected one of %s, got '%s'"
                        .formatted(
                                Quantise.TYPES.stream()
                                        .map(type -> type.name().toLowerCase(Locale.ROOT))
                                        .collect(Collectors.joining(", ")),
                                value));
    }
}
