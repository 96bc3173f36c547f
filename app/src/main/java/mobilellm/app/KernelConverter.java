package mobilellm.app;

import mobilellm.kernel.Kernels;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.ArrayList;
import java.util.List;

/// Names of kernel providers.
final class KernelConverter implements ITypeConverter<String> {
    private static final List<String> NAMES = names();

    private static List<String> names() {
        var names = new ArrayList<>(List.of("auto"));
        Kernels.all().forEach(provider -> names.add(provider.name()));
        names.add("reference");
        return List.copyOf(names);
    }

    @Override
    public String convert(String value) {
        if (!NAMES.contains(value)) {
            throw new TypeConversionException(
                    "expected one of " + String.join(", ", NAMES) + ", got '" + value + "'");
        }
        return value;
    }
}
