package mobilellm.tokenizer;

/// Text from a file as an error message may show it: short, on one line.
final class Quotation {
    private static final int LIMIT = 60;

    private Quotation() {}

    static String of(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        int end = Math.min(text.length(), LIMIT);
        for (int i = 0; i < end; i++) {
            char character = text.charAt(i);
            if (mayActOnTerminal(character)) {
                quoted.append("\\u%04X".formatted((int) character));
            } else {
                quoted.append(character);
            }
        }
        return quoted.append(end < text.length() ? "...\"" : "\"").toString();
    }

    private static boolean mayActOnTerminal(char character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT, // among them those that turn the direction of writing
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    true;
            default -> false;
        };
    }
}
