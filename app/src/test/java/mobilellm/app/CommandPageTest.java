package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Every verb has a page in docs, and docs/cli.md leads to it.
final class CommandPageTest {
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "COMPLETION")
    void theVerbHasAPageThatTheIndexLeadsTo(Verbs verb) throws IOException {
        Path docs = Path.of(System.getProperty("mobilellm.project"), "docs");
        String page = verb.word() + ".md";
        assertThat(docs.resolve(page)).isNotEmptyFile();
        assertThat(Files.readString(docs.resolve("cli.md"))).contains("](" + page + ")");
    }
}
