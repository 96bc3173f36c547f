package mobilellm.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Element types of the key/value cache.
final class KeyValueTypeConverter implements ITypeConverter<String> {
    @Override
    public String convert(String value) {
        return switch (value) {
            case "f16", "f32" -> value;
            case "q8_0" ->
                    throw new TypeConversionException(
                            "this version cannot quantise the key/value cache yet; use f16 or f32");
            default ->
                    throw new TypeConversionException("expected f16 or f32, got '" + value + "'");
        };
    }
}
