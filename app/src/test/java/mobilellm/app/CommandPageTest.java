package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/// Every verb has its section in docs/commands.md.
final class CommandPageTest {
    private static final Pattern HEADING = Pattern.compile("^## `(\\w+)`$", Pattern.MULTILINE);

    @Test
    void thePageDescribesEveryVerb() throws IOException {
        String page =
                Files.readString(
                        Path.of(System.getProperty("mobilellm.project"), "docs/commands.md"));
        List<String> described =
                HEADING.matcher(page).results().map(heading -> heading.group(1)).toList();
        List<String> verbs = Arrays.stream(Verbs.values()).map(Verbs::word).toList();
        assertThat(described).containsAll(verbs);
    }
}
