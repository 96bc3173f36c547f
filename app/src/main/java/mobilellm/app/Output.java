package mobilellm.app;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/// The answer of a verb: UTF-8 on stdout, and nothing but the answer.
final class Output {
    private final OutputStream stream;

    Output(OutputStream stream) {
        this.stream = new BufferedOutputStream(stream);
    }

    /// Writes text as it is, without a line break.
    void text(String text) {
        try {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new Failure(e);
        }
    }

    void line(String line) {
        text(line + "\n");
    }

    /// Writes one JSON object on a line of its own.
    void json(Map<String, ?> object) {
        line(Json.write(object));
    }

    /// Hands everything written so far to the reader: after each piece where an answer streams.
    void flush() {
        try {
            stream.flush();
        } catch (IOException e) {
            throw new Failure(e);
        }
    }

    /// The reader of stdout is gone, or its disk is full.
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1;

        Failure(IOException cause) {
            super("cannot write the answer: " + cause.getMessage(), cause);
        }

        /// `head` and `less` close the pipe when they have seen enough; that is no failure. The JDK tells it by the
        /// words of the operating system only.
        boolean isBrokenPipe() {
            return String.valueOf(getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
        }
    }
}
