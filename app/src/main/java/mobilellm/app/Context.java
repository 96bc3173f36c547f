package mobilellm.app;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/// What a verb works with.
///
/// @param input stdin
/// @param output stdout: the answer
/// @param notes stderr: everything else
/// @param environment variables and terminals
/// @param json whether the answer is JSON
record Context(
        InputStream input, Output output, Notes notes, Environment environment, boolean json) {

    /// A line of stdin, read byte by byte: what follows it belongs to the verb. Empty where stdin ends.
    Optional<String> readLine() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = input.read(); next != '\n'; next = input.read()) {
            if (next < 0) {
                return Optional.empty();
            }
            line.append((char) next);
        }
        return Optional.of(line.toString());
    }

    /// Answers with a text exactly as it is, so that a file or a pipe gets nothing more; on a terminal the prompt of the
    /// shell starts on a new line.
    void printText(String text) {
        output.text(text);
        if (environment.outputTerminal() && !text.endsWith("\n")) {
            output.text("\n");
        }
    }
}
