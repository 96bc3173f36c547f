package mobilellm.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Element types of the key/value cache.
final class KeyValueTypeConverter implements ITypeConverter<String> {
    @Override
    public String convert(String value) {
        return switch (value) {
            case "f16", "f32", "q8_0" -> value;
            default ->
                    throw new TypeConversionException(
                            "expected f16, f32 or q8_0, got '" + value + "'");
        };
    }
}
