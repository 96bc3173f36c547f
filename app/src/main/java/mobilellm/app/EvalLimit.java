package mobilellm.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Optional;

/// How many documents of a task are asked.
///
/// @param value a number, or below 1 a share
record EvalLimit(double value) {
    static final EvalLimit NONE = new EvalLimit(Integer.MAX_VALUE);

    int of(int documents) {
        return value < 1 ? (int) Math.ceil(documents * value) : (int) Math.min(documents, value);
    }

    /// As programs write it, without a fraction where it is none.
    Optional<Number> number() {
        if (equals(NONE)) {
            return Optional.empty();
        }
        return Optional.of(value < 1 ? (Number) value : (Number) (int) value);
    }

    @Override
    public String toString() {
        return number().map(Number::toString).orElse("none");
    }

    static final class Converter implements ITypeConverter<EvalLimit> {
        @Override
        public EvalLimit convert(String text) {
            try {
                double value = Double.parseDouble(text);
                boolean isCount = value >= 1 && value == Math.rint(value) && value < 1e9;
                if (isCount || (value > 0 && value < 1)) {
                    return new EvalLimit(value);
                }
            } catch (NumberFormatException e) {
                // Told below, as a number out of range is.
            }
            throw new TypeConversionException(
                    "expected a number of documents, or a share between 0 and 1, got '"
                            + text
                            + "'");
        }
    }
}
