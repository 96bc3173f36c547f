package mobilellm.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// How many documents of a task are asked.
///
/// @param value a number, or below 1 a share
record EvalLimit(double value) {
    static final EvalLimit NONE = new EvalLimit(Integer.MAX_VALUE);

    int of(int documents) {
        return value < 1 ? (int) Math.ceil(documents * value) : (int) Math.min(documents, value);
    }

    @Override
    public String toString() {
        if (equals(NONE)) {
            return "none";
        }
        return value < 1 ? Double.toString(value) : Integer.toString((int) value);
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
