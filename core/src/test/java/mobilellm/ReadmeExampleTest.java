package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.RealModel;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// The example that a reader copies compiles and runs.
class ReadmeExampleTest {
    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    private final Path project = Path.of(System.getProperty("mobilellm.project"));

    @Test
    void theReadmeShowsWhatIsCompiled() throws IOException {
        String source =
                Files.readString(
                        project.resolve("core/src/test/java/mobilellm/ReadmeExample.java"));
        String shown =
                JAVA_BLOCK
                        .matcher(Files.readString(project.resolve("README.md")))
                        .results()
                        .map((MatchResult block) -> block.group(1))
                        .filter(block -> block.contains("MobileLlm.load"))
                        .findFirst()
                        .orElse("");

        String imports =
                """
                import mobilellm.Chat;
                import mobilellm.Generation;
                import mobilellm.MobileLlm;\
                """;
        assertThat(shown).isEqualTo(source.replace("package mobilellm;\n", imports));
    }

    @Test
    void itConverses() throws IOException {
        String model = RealModel.path().toString();
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        try {
            ReadmeExample.main(new String[] {model});
        } finally {
            System.setOut(before);
        }

        assertThat(output.toString(StandardCharsets.UTF_8).lines())
                .hasSizeGreaterThanOrEqualTo(3)
                .last()
                .asString()
                .matches("[0-9.]+ tokens/s");
    }
}
