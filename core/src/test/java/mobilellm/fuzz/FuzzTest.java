package mobilellm.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.Mutator;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// Runs every fuzz target for a bounded time: its seeds, what fuzzing once found, and mutants of both. Other mutants
/// than these, led by coverage, are tried by `dev/fuzz`.
class FuzzTest {
    private static final long SEED = 20261123;
    private static final int MUTANTS = 2_000;

    private static List<Target> targets() {
        return Targets.ALL;
    }

    @ParameterizedTest
    @MethodSource("targets")
    void seedsAreGoodFiles(Target target) {
        for (byte[] seed : target.seeds()) {
            assertThat(target.promise().isAccepted(seed)).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("targets")
    void whatFuzzingFoundStaysMended(Target target) throws IOException {
        Path folder =
                Path.of(
                        System.getProperty("mobilellm.project"),
                        "core/src/test/resources/mobilellm/fuzz",
                        target.name());
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    target.run(Files.readAllBytes(file));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("targets")
    void mutantsAreRefusedOrHarmless(Target target) {
        Mutator mutator = new Mutator(SEED, target.seeds());
        for (int i = 0; i < MUTANTS; i++) {
            byte[] mutant = mutator.next();
            try {
                target.run(mutant);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "mutant %d: %s".formatted(i, HexFormat.of().formatHex(mutant)), e);
            }
        }
    }
}
