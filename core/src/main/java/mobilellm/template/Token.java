package mobilellm.template;

/// A piece of a template.
///
/// @param text the text itself, a name, an operator, the digits of a number, or what a quoted string means
/// @param line where it begins, from 1
record Token(Kind kind, String text, int line) {
    enum Kind {
        /// Outside of tags.
        TEXT,
        PRINT_BEGIN,
        PRINT_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind expectedKind, String expectedText) {
        return kind == expectedKind && text.equals(expectedText);
    }

    /// For messages.
    String describe() {
        return switch (kind) {
            case TEXT, PRINT_BEGIN, BLOCK_BEGIN -> "text";
            case PRINT_END -> "end of print statement";
            case BLOCK_END -> "end of statement block";
            case END -> "end of template";
            case STRING -> "a string";
            case NAME, INTEGER, FLOAT, OPERATOR -> "'" + text + "'";
        };
    }
}
