package mobilellm.template;

/// The escapes of string literals: Python's, since Jinja leaves them to Python.
final class Escapes {
    private final String quoted;
    private final StringBuilder text = new StringBuilder();
    private int position;

    private Escapes(String quoted) {
        this.quoted = quoted;
    }

    /// What the text between the quotes of a literal means.
    static String resolve(String quoted) {
        return quoted.indexOf('\\') < 0 ? quoted : new Escapes(quoted).resolve();
    }

    private String resolve() {
        while (position < quoted.length()) {
            char character = quoted.charAt(position);
            position++;
            if (character == '\\' && position < quoted.length()) {
                char escape = quoted.charAt(position);
                position++;
                resolve(escape);
            } else {
                text.append(character);
            }
        }
        return text.toString();
    }

    private void resolve(char escape) {
        switch (escape) {
            case '\n' -> {}
            case '\\', '\'', '"' -> text.append(escape);
            case 'a' -> text.append('\u0007');
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case 'n' -> text.append('\n');
            case 'r' -> text.append('\r');
            case 't' -> text.append('\t');
            case 'v' -> text.append('\u000B');
            case 'x' -> hexadecimal(2);
            case 'u' -> hexadecimal(4);
            case 'U' -> hexadecimal(8);
            case '0', '1', '2', '3', '4', '5', '6', '7' -> octal();
            case 'N' -> throw new EvaluationException("the escape '\\N' is not supported");
            // Python keeps the backslash of what is no escape.
            default -> text.append('\\').append(escape);
        }
    }

    private void hexadecimal(int digits) {
        int end = Math.min(position + digits, quoted.length());
        try {
            if (end - position < digits) {
                throw new NumberFormatException("too short");
            }
            text.appendCodePoint(Integer.parseUnsignedInt(quoted, position, end, 16));
        } catch (IllegalArgumentException e) {
            throw new EvaluationException(
                    "the escape '%s' is no character"
                            .formatted(quoted.substring(position - 2, end)));
        }
        position = end;
    }

    /// One to three digits.
    private void octal() {
        int value = 0;
        int end = Math.min(position + 2, quoted.length());
        position--;
        while (position < end && Character.digit(quoted.charAt(position), 8) >= 0) {
            value = value * 8 + Character.digit(quoted.charAt(position), 8);
            position++;
        }
        text.append((char) value);
    }
}
