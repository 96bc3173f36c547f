package mobilellm.template;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// The function `strftime_now`: C's `strftime` in its C locale.
final class Strftime {
    private Strftime() {}

    static String format(String format, ZonedDateTime time) {
        StringBuilder result = new StringBuilder();
        int copied = 0;
        for (int percent = format.indexOf('%');
                percent >= 0;
                percent = format.indexOf('%', copied)) {
            result.append(format, copied, percent);
            boolean unpadded = format.startsWith("-", percent + 1);
            int letter = percent + (unpadded ? 2 : 1);
            if (letter >= format.length()) {
                throw new EvaluationException("the time format ends within a directive");
            }
            String directive = directive(format.charAt(letter), time);
            result.append(unpadded ? withoutZeros(directive) : directive);
            copied = letter + 1;
        }
        result.append(format, copied, format.length());
        return result.toString();
    }

    private static String directive(char directive, ZonedDateTime time) {
        return switch (directive) {
            case 'Y' -> Integer.toString(time.getYear());
            case 'y' -> in("uu", time);
            case 'm' -> in("MM", time);
            case 'd' -> in("dd", time);
            case 'e' -> in("ppd", time);
            case 'H' -> in("HH", time);
            case 'I' -> in("hh", time);
            case 'M' -> in("mm", time);
            case 'S' -> in("ss", time);
            case 'f' -> in("SSSSSS", time);
            case 'p' -> in("a", time);
            case 'j' -> in("DDD", time);
            case 'B' -> in("MMMM", time);
            case 'b', 'h' -> in("MMM", time);
            case 'A' -> in("EEEE", time);
            case 'a' -> in("EEE", time);
            case 'u' -> Integer.toString(time.getDayOfWeek().getValue());
            case 'w' -> Integer.toString(time.getDayOfWeek().getValue() % 7);
            case 'F' -> in("uuuu-MM-dd", time);
            case 'T' -> in("HH:mm:ss", time);
            case 'R' -> in("HH:mm", time);
            case 'D' -> in("MM/dd/uu", time);
            case 'n' -> "\n";
            case 't' -> "\t";
            case '%' -> "%";
            default ->
                    throw new EvaluationException(
                            "not supported: '%" + directive + "' in a time format");
        };
    }

    private static String in(String pattern, ZonedDateTime time) {
        return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
    }

    private static String withoutZeros(String directive) {
        int start = 0;
        while (start < directive.length() - 1 && " 0".indexOf(directive.charAt(start)) >= 0) {
            start++;
        }
        return directive.substring(start);
    }
}
