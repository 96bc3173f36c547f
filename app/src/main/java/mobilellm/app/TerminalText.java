package mobilellm.app;

/// Text of a model on its way to a terminal. A model may say anything, also the control sequences that rename windows,
/// move the cursor or paint over earlier lines; a terminal gets a visible sign for them. Files and pipes get every byte.
final class TerminalText {
    private final boolean isTerminal;

    TerminalText(boolean isTerminal) {
        this.isTerminal = isTerminal;
    }

    String of(String text) {
        if (!isTerminal || text.chars().noneMatch(TerminalText::isControl)) {
            return text;
        }
        StringBuilder harmless = new StringBuilder(text.length());
        text.chars()
                .forEach(
                        character ->
                                harmless.append(
                                        isControl(character) ? '\uFFFD' : (char) character));
        return harmless.toString();
    }

    /// C0 and C1 without line break and tabulator; none of them is half of a surrogate pair.
    private static boolean isControl(int character) {
        return Character.isISOControl(character) && character != '\n' && character != '\t';
    }
}
