package mobilellm.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// What the build wrote into `version.txt`: the version, and the commit where it knows it.
final class Version {
    private Version() {}

    static String number() {
        return lines().getFirst();
    }

    /// What was checked out when the launcher built the program, as `git describe` says it.
    static Optional<String> commit() {
        return lines().stream().skip(1).findFirst();
    }

    private static List<String> lines() {
        try (InputStream stream = Version.class.getResourceAsStream("version.txt")) {
            if (stream == null) {
                throw new IllegalStateException("version.txt is missing from the program");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .strip()
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text() {
        return "mobilellm %s (Java %s, %s %s)"
                .formatted(
                        number(),
                        Runtime.version(),
                        System.getProperty("os.name"),
                        System.getProperty("os.arch"));
    }
}
