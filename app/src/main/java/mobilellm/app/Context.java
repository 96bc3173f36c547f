package mobilellm.app;

import java.io.InputStream;

/// What a verb works with.
///
/// @param input stdin
/// @param output stdout: the answer
/// @param notes stderr: everything else
/// @param environment variables and terminals
/// @param json whether the answer is JSON
record Context(
        InputStream input, Output output, Notes notes, Environment environment, boolean json) {

    /// Answers with a text exactly as it is, so that a file or a pipe gets nothing more; on a terminal the prompt of the
    /// shell starts on a new line.
    void printText(String text) {
        output.text(text);
        if (environment.outputTerminal() && !text.endsWith("\n")) {
            output.text("\n");
        }
    }
}
