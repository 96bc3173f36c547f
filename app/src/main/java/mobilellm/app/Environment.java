package mobilellm.app;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
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

    /// Where models are kept: `MOBILELLM_HOME`, else `mobilellm` in the platform's cache folder.
    Path home() {
        Optional<String> home = variable("MOBILELLM_HOME");
        return home.isPresent() ? Path.of(home.get()) : cacheFolder().resolve("mobilellm");
    }

    private Path cacheFolder() {
        Path user = Path.of(System.getProperty("user.home"));
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        if (system.startsWith("windows")) {
            Optional<String> local = variable("LOCALAPPDATA");
            return local.isPresent()
                    ? Path.of(local.get())
                    : user.resolve("AppData").resolve("Local");
        }
        if (system.startsWith("mac")) {
            return user.resolve("Library").resolve("Caches");
        }
        // A relative path must be ignored: XDG Base Directory Specification.
        Optional<String> cache =
                variable("XDG_CACHE_HOME").filter(folder -> Path.of(folder).isAbsolute());
        return cache.isPresent() ? Path.of(cache.get()) : user.resolve(".cache");
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
