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
            if (Character.isISOControl(character) || Character.isSurrogate(character)) {
                quoted.append("\\u%04X".formatted((int) character));
            } else {
                quoted.append(character);
            }
        }
        return quoted.append(end < text.length() ? "...\"" : "\"").toString();
    }
}
