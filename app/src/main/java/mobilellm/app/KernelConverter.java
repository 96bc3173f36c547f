package mobilellm.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.List;

/// Names of kernel providers.
final class KernelConverter implements ITypeConverter<String> {
    private static final List<String> NAMES = List.of("auto", "vector", "scalar", "reference");

    @Override
    public String convert(String value) {
        if (value.equals("machine")) {
            throw new TypeConversionException(
                    "this version has no machine-code kernels yet; use auto or vector");
        }
        if (!NAMES.contains(value)) {
            throw new TypeConversionException(
                    "expected one of " + String.join(", ", NAMES) + ", got '" + value + "'");
        }
        return value;
    }
}
