package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;

class CliTest {
    private final Shell shell = new Shell();

    @Test
    void helpGroupsTheVerbsOnStdout() {
        Shell.Result result = shell.run("--help");
        assertThat(result.exitCode()).isZero();
        assertThat(result.error()).isEmpty();
        for (Verbs verb : Verbs.values()) {
            if (verb.group() != Verbs.Group.HIDDEN) {
                assertThat(result.output())
                        .contains(verb.group().heading())
                        .containsPattern("  " + verb.word() + " +" + verb.summary());
            }
        }
        assertThat(result.output()).doesNotContain("completion").doesNotContain("\u001b");
    }

    @ParameterizedTest
    @EnumSource
    void everyVerbExplainsItselfWithTwoExamples(Verbs verb) {
        Shell.Result result = shell.run(verb.word(), "--help");
        assertThat(result.exitCode()).isZero();
        assertThat(result.error()).isEmpty();
        assertThat(result.output()).contains("Usage: mobilellm " + verb.word());
        String examples = result.output().substring(result.output().indexOf("Examples"));
        assertThat(examples.lines().filter(line -> line.contains("mobilellm " + verb.word())))
                .hasSizeGreaterThanOrEqualTo(2);
        assertThat(shell.run("help", verb.word())).isEqualTo(result);
    }

    @Test
    void versionNamesProgramAndJava() {
        assertThat(shell.run("--version").output())
                .matches("mobilellm \\d+\\.\\d+\\.\\d+\\S* \\(Java .*\\)\n");
    }

    @Test
    void nothingTypedIsWrongUsageAndShowsHelpOnStderr() {
        Shell.Result result = shell.run();
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).contains("Usage: mobilellm");
    }

    @Test
    void misspeltVerbIsWrongUsageWithSuggestion() {
        Shell.Result result = shell.run("pul");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).isEmpty();
        assertThat(result.error())
                .startsWith("error: unknown verb 'pul'; did you mean pull?\n")
                .contains("Try 'mobilellm --help'.");
    }

    @Test
    void misspeltOptionIsWrongUsageWithSuggestion() {
        Shell.Result result = shell.run("completion", "bash", "--quite");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).isEmpty();
        assertThat(result.error())
                .startsWith("error: unknown option '--quite'; did you mean --quiet")
                .contains("Try 'mobilellm completion --help'.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void completionScriptsKnowEveryVerb(String name) {
        Shell.Result result = shell.run("completion", name);
        assertThat(result.exitCode()).isZero();
        for (Verbs verb : Verbs.values()) {
            if (verb.group() != Verbs.Group.HIDDEN) {
                assertThat(result.output()).contains(verb.word());
            }
        }
    }

    @Test
    void unknownShellIsWrongUsage() {
        Shell.Result result = shell.run("completion", "tcsh");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.error()).startsWith("error: expected bash, zsh or fish, got 'tcsh'\n");
    }

    @Test
    void brokenPipeEndsQuietly() {
        assertThat(runInto(failing("Broken pipe"))).isEqualTo("0: ");
    }

    @Test
    void fullDiskIsAFailure() {
        assertThat(runInto(failing("No space left on device")))
                .isEqualTo("1: error: cannot write the answer: No space left on device\n");
    }

    private static String runInto(OutputStream output) {
        ByteArrayOutputStream error = new ByteArrayOutputStream();
        int exitCode =
                Cli.run(
                        new String[] {"--help"},
                        new ByteArrayInputStream(new byte[0]),
                        output,
                        error,
                        new Environment(Map.of(), false, false, false));
        return exitCode + ": " + error;
    }

    private static OutputStream failing(String reason) {
        return new OutputStream() {
            @Override
            public void write(int unused) throws IOException {
                throw new IOException(reason);
            }
        };
    }
}
