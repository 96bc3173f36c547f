package mobilellm.app;

import mobilellm.quant.Quantise;
import mobilellm.tensor.DType;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Collectors;

/// A type that weights can be written in, such as `q4_0`.
final class TypeConverter implements ITypeConverter<DType> {
    private static final int MOST_TYPING_ERRORS = 2;

    @Override
    public DType convert(String value) {
        return type(value);
    }

    static DType type(String value) {
        String name = value.strip().toUpperCase(Locale.ROOT);
        for (DType type : Quantise.TYPES) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        for (DType type : DType.values()) {
            if (type.name().equals(name)) {
                throw new TypeConversionException(
                        "type %s can be read, but not written; there are %s"
                                .formatted(name(type), names()));
            }
        }
        String meant =
                Quantise.TYPES.stream()
                        .filter(type -> distance(type.name(), name) <= MOST_TYPING_ERRORS)
                        .min(Comparator.comparingInt(type -> distance(type.name(), name)))
                        .map(type -> "did you mean " + name(type) + "? ")
                        .orElse("");
        throw new TypeConversionException(
                "unknown type '%s'; %sthere are %s"
                        .formatted(Text.printable(value), meant, names()));
    }

    /// As users type it.
    static String name(DType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    private static String names() {
        return Quantise.TYPES.stream().map(TypeConverter::name).collect(Collectors.joining(", "));
    }

    /// Letters that have to be put in, taken out or replaced (Levenshtein 1966).
    private static int distance(String left, String right) {
        int[] row = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                int replaced = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[right.length()];
    }
}
