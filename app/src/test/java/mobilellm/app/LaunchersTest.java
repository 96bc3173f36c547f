package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What both launchers must have in common, and what `cmd` demands of its own.
final class LaunchersTest {
    private static final Pattern OPTION = Pattern.compile("(?<![-\\w])-(?:X|D|-add-)[^\\s\"']+");
    private static final Pattern MAVEN_OPTION =
            Pattern.compile("-D(?:maven|exec|mdep|commit)\\b.*");

    private String unix = "";
    private String windows = "";

    @BeforeEach
    void read() throws IOException {
        Path project = Path.of(System.getProperty("mobilellm.project"));
        unix = Files.readString(project.resolve("mobilellm"));
        windows = Files.readString(project.resolve("mobilellm.cmd"));
    }

    @Test
    void startJavaWithTheSameOptions() {
        assertThat(options(unix.replace("$kernels", "KERNELS")))
                .contains("-XX:+UseSerialGC", "--add-modules=jdk.incubator.vector")
                .containsExactlyInAnyOrderElementsOf(
                        options(windows.replace("%KERNELS%", "KERNELS")).toList());
    }

    @Test
    void demandTheSameJava() {
        assertThat(unix).contains("needed=25.0.3\n");
        assertThat(windows)
                .contains("LSS 25000003 ")
                .contains("no JDK 25.0.3 or newer found")
                .doesNotContain("25.0.4");
    }

    /// With other line ends `cmd` misses labels; what is no ASCII depends on the code page.
    @Test
    void theOneForCmdIsAsciiWithItsLineEnds() {
        assertThat(windows).matches("(?:[\\x20-\\x7E]{0,1000}\r\n)+");
        assertThat(unix).doesNotContain("\r");
    }

    private static Stream<String> options(String launcher) {
        return OPTION.matcher(launcher)
                .results()
                .map(MatchResult::group)
                .filter(option -> !MAVEN_OPTION.matcher(option).matches())
                .map(option -> option.replaceFirst("=\\$.*|=$", ""))
                .distinct();
    }
}
