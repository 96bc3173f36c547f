package mobilellm.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Numbers within bounds; picocli puts the option's name in front of the message.
final class Converters {
    private Converters() {}

    static final class PositiveInteger implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return integer(value, 1, Integer.MAX_VALUE);
        }
    }

    static final class Threads implements ITypeConverter<Integer> {
        private static final int MOST = 1024;

        @Override
        public Integer convert(String value) {
            return integer(value, 1, MOST);
        }
    }

    /// Sequences that a step of the model has room for.
    static final class Streams implements ITypeConverter<Integer> {
        private static final int MOST = 384;

        @Override
        public Integer convert(String value) {
            return integer(value, 1, MOST);
        }
    }

    /// @throws TypeConversionException if `value` is no whole number from `least` to `most`
    static int integer(String value, int least, int most) {
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Falls through: letters and numbers out of range deserve the same sentence.
        }
        String range =
                most == Integer.MAX_VALUE
                        ? "of at least " + least
                        : "from " + least + " to " + most;
        throw new TypeConversionException(
                "expected a whole number " + range + ", got '" + value + "'");
    }
}
