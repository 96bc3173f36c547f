package mobilellm.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Numbers within bounds; picocli puts the option's name in front of the message.
final class Converters {
    private Converters() {}

    static final class PositiveInteger implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return integer(value, 1, Integer.MAX_VALUE);
        }
    }

    static final class Count implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return integer(value, 0, Integer.MAX_VALUE);
        }
    }

    /// Rows that a pass of the model has room for.
    static final class BatchRows implements ITypeConverter<Integer> {
        private static final int MOST = 512;

        @Override
        public Integer convert(String value) {
            return integer(value, 1, MOST);
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

    /// A size such as `6GB`, `512MiB` or `600000000`.
    static final class Bytes implements ITypeConverter<Long> {
        private static final Pattern FORM =
                Pattern.compile("(\\d{1,12}(?:\\.\\d{1,3})?) ?([KMGT]?)(i?)B?");

        @Override
        public Long convert(String value) {
            Matcher parts = FORM.matcher(value.strip());
            if (parts.matches()) {
                int exponent = "KMGT".indexOf(parts.group(2)) + (parts.group(2).isEmpty() ? 0 : 1);
                double base = parts.group(3).isEmpty() ? 1000 : 1024;
                double bytes = Double.parseDouble(parts.group(1)) * Math.pow(base, exponent);
                if (bytes >= 1) {
                    return (long) bytes;
                }
            }
            throw new TypeConversionException(
                    "expected a size such as 6GB or 512MiB, got '" + value + "'");
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
