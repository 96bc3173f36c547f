package mobilellm.app;

import mobilellm.hub.ModelStore;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// What the process finds around it: environment variables, and which of its streams are terminals. The only class
/// that asks the operating system for either, so that a test can put its own in place.
///
/// @param variables environment variables
/// @param inputTerminal whether a person types at stdin
/// @param outputTerminal whether a person reads stdout
/// @param errorTerminal whether a person reads stderr
record Environment(
        Map<String, String> variables,
        boolean inputTerminal,
        boolean outputTerminal,
        boolean errorTerminal) {

    static Environment ofProcess() {
        return new Environment(System.getenv(), isTerminal(0), isTerminal(1), isTerminal(2));
    }

    /// The value of a variable; empty if it is unset or empty.
    Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
    }

    /// Whether stderr may be coloured and rewritten in place (<https://no-color.org>).
    boolean animated() {
        return errorTerminal && isCapableTerminal();
    }

    /// Whether stdout may be coloured.
    boolean coloured() {
        return outputTerminal && isCapableTerminal();
    }

    /// Whether a question can be asked and answered.
    boolean interactive() {
        return inputTerminal && errorTerminal;
    }

    private boolean isCapableTerminal() {
        return variable("NO_COLOR").isEmpty()
                && !variable("TERM").map(term -> term.equals("dumb")).orElse(false);
    }

    /// Where models are kept.
    Path home() {
        return ModelStore.defaultHome(
                variables, System.getProperty("os.name"), System.getProperty("user.home"));
    }

    /// `System.console()` speaks only of stdin and stdout together, and native calls cost tens of milliseconds; on Linux
    /// the name behind the descriptor tells the same for nothing.
    private static boolean isTerminal(int descriptor) {
        Path link = Path.of("/proc/self/fd/" + descriptor);
        if (Files.isSymbolicLink(link)) {
            try {
                String target = Files.readSymbolicLink(link).toString();
                return target.startsWith("/dev/pts/")
                        || target.startsWith("/dev/tty")
                        || target.equals("/dev/console");
            } catch (IOException unreadable) {
                return false;
            }
        }
        return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }
}
