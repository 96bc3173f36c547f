package mobilellm.app;

import java.util.Locale;

/// Figures and foreign text as people read them.
final class Text {
    private static final String[] UNITS = {"kB", "MB", "GB", "TB", "PB", "EB"};

    private Text() {}

    /// Decimal units, as disks and networks count: `98.4 MB`.
    static String bytes(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes / 1000.0;
        int unit = 0;
        // 999.95 would be printed as 1000.0.
        while (value >= 999.95 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }

    /// Thousands in groups: `134,515,008`.
    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /// One line without control characters, so that text from a file can neither move the cursor nor forge a line.
    static String printable(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints().forEach(character -> appendPrintable(line, character));
        return line.toString();
    }

    /// The first `length` characters of [#printable], with an ellipsis where something is missing.
    static String shortened(String text, int length) {
        if (text.length() <= length) {
            return printable(text);
        }
        // A surrogate pair stays whole.
        int end = Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
        return printable(text.substring(0, end)) + "…";
    }

    private static void appendPrintable(StringBuilder line, int character) {
        switch (character) {
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            default -> {
                if (isInvisible(character)) {
                    line.append(String.format(Locale.ROOT, "\\u{%x}", character));
                } else {
                    line.appendCodePoint(character);
                }
            }
        }
    }

    /// Control characters, and the format characters that reorder text in a terminal.
    private static boolean isInvisible(int character) {
        int type = Character.getType(character);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR
                || type == Character.SURROGATE;
    }
}
