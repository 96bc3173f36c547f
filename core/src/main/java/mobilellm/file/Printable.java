package mobilellm.file;

/// Text of a file made fit for a message: bytes of strangers reach a terminal only through here.
public final class Printable {
    private static final int LONGEST = 80;
    private static final int LONGEST_LINE = 300;

    private Printable() {}

    /// The text in single quotes, control characters as `\u001b`, cut after 80 characters.
    public static String quote(String text) {
        return "'" + shown(text, LONGEST) + "'";
    }

    /// The text on one line, control characters as `\u001b`, cut after 300 characters.
    public static String line(String text) {
        return shown(text, LONGEST_LINE);
    }

    private static String shown(String text, int longest) {
        StringBuilder shown = new StringBuilder();
        text.codePoints()
                .limit(longest)
                .forEach(
                        c -> {
                            if (isControl(c)) {
                                shown.append("\\u%04x".formatted(c));
                            } else {
                                shown.appendCodePoint(c);
                            }
                        });
        return shown.append(text.codePointCount(0, text.length()) > longest ? "..." : "")
                .toString();
    }

    /// Whether a terminal might act on the code point, or cannot show it: a surrogate without its other half.
    public static boolean isControl(int codePoint) {
        int type = Character.getType(codePoint);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.SURROGATE
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }
}
