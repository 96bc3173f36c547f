package mobilellm.app;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// Types command lines in-process: environment, stdin and terminals are what the test says.
final class Shell {
    private final Map<String, String> variables = new HashMap<>();
    private byte[] input = new byte[0];
    private boolean terminal;

    /// What a command line left behind.
    record Result(int exitCode, String output, String error) {
        Map<String, Object> json() {
            return Json.readObject(output, "the answer");
        }
    }

    Shell with(String variable, String value) {
        variables.put(variable, value);
        return this;
    }

    Shell input(String text) {
        input = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    Shell input(byte[] bytes) {
        input = bytes.clone();
        return this;
    }

    /// A person sits there.
    Shell onTerminal() {
        terminal = true;
        return this;
    }

    Result run(String... arguments) {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ByteArrayOutputStream error = new ByteArrayOutputStream();
        Environment environment =
                new Environment(Map.copyOf(variables), terminal, terminal, terminal);
        int exitCode =
                Cli.run(arguments, new ByteArrayInputStream(input), output, error, environment);
        return new Result(
                exitCode,
                output.toString(StandardCharsets.UTF_8),
                error.toString(StandardCharsets.UTF_8));
    }
}
