package mobilellm.app;

import java.io.PrintStream;

/// What a verb says besides its answer: notes, details, progress and errors, all on stderr.
final class Notes {
    private final PrintStream stream;
    private final boolean animated;
    private boolean quiet;
    private boolean verbose;
    private int transientLength;

    /// @param animated whether a line may be rewritten in place
    Notes(PrintStream stream, boolean animated) {
        this.stream = stream;
        this.animated = animated;
    }

    void quiet(boolean isQuiet) {
        quiet = isQuiet;
    }

    void verbose(boolean isVerbose) {
        verbose = isVerbose;
    }

    boolean isVerbose() {
        return verbose && !quiet;
    }

    /// Whether [#transientLine] shows anything.
    boolean isAnimated() {
        return animated && !quiet;
    }

    /// Tells something that a person may want to know; silenced by `--quiet`.
    void note(String line) {
        if (!quiet) {
            println(line);
        }
    }

    /// Tells something that only `--verbose` asks for.
    void detail(String line) {
        if (isVerbose()) {
            println(line);
        }
    }

    /// Tells why the verb failed; never silenced.
    void error(String sentence) {
        println("error: " + sentence);
    }

    /// Shows a line that the next one replaces; nothing where stderr is no terminal.
    void transientLine(String line) {
        if (isAnimated()) {
            stream.print("\r" + line + " ".repeat(Math.max(0, transientLength - line.length())));
            stream.flush();
            transientLength = line.length();
        }
    }

    /// Asks without ending the line, whatever `--quiet` says: the program is about to wait.
    void question(String text) {
        clearTransientLine();
        stream.print(text + " ");
        stream.flush();
    }

    void stackTrace(Throwable failure) {
        failure.printStackTrace(stream);
        stream.flush();
    }

    void println(String line) {
        clearTransientLine();
        stream.println(line);
        stream.flush();
    }

    /// Takes the transient line away.
    void clearTransientLine() {
        if (transientLength > 0) {
            stream.print("\r" + " ".repeat(transientLength) + "\r");
            transientLength = 0;
        }
    }
}
