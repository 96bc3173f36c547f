package mobilellm.app;

import mobilellm.file.Sha256;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /// What tells this program from another that may compute other bits: the commit, or else its own file's sum.
    static String identity() {
        Optional<String> clean = commit().filter(commit -> !commit.endsWith("-dirty"));
        return clean.orElseGet(
                () -> {
                    try {
                        Path program =
                                Path.of(
                                        Version.class
                                                .getProtectionDomain()
                                                .getCodeSource()
                                                .getLocation()
                                                .toURI());
                        return Files.isRegularFile(program)
                                ? "sha256:" + Sha256.of(Files.readAllBytes(program))
                                : "unknown";
                    } catch (IOException | URISyntaxException e) {
                        throw new IllegalStateException("the program's own file is gone", e);
                    }
                });
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
