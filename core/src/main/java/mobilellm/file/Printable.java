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
        for (int i = 0; i < Math.min(text.length(), longest); i++) {
            char c = text.charAt(i);
            if (isControl(c)) {
                shown.append("\\u%04x".formatted((int) c));
            } else {
                shown.append(c);
            }
        }
        return shown.append(text.length() > longest ? "..." : "").toString();
    }

    /// Whether a terminal might act on the character instead of showing it.
    public static boolean isControl(char c) {
        int type = Character.getType(c);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }
}
