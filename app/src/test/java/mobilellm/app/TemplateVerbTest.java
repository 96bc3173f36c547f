package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

class TemplateVerbTest {
    private static final String HELLO = "[{\"role\": \"user\", \"content\": \"Hello\"}]";
    private static final String RENDERED = "<|im_start|>user\nHello<|im_end|>\n";

    @TempDir Path folder;
    private final Shell shell = new Shell();

    @Test
    void rendersTheModelsTemplate() throws IOException {
        Shell.Result result = shell.input(HELLO).run("template", model(), "--messages", "-");
        assertThat(result).isEqualTo(new Shell.Result(0, RENDERED + "<|im_start|>assistant\n", ""));
    }

    @Test
    void leavesTheGenerationPromptOut() throws IOException {
        Shell.Result result =
                shell.input(HELLO)
                        .run("template", model(), "--messages", "-", "--no-generation-prompt");
        assertThat(result.output()).isEqualTo(RENDERED);
    }

    @Test
    void answersJson() throws IOException {
        Shell.Result result =
                shell.run("template", model(), "--messages", file("m.json", HELLO), "--json");
        assertThat(result.json()).isEqualTo(Map.of("text", RENDERED + "<|im_start|>assistant\n"));
    }

    @Test
    void rendersATemplateFileWithoutAnyModel() throws IOException {
        String template =
                file("t.jinja", "{{ bos_token }}{{ messages|length }}{{ tools[0].name }}{{ x }}");
        Shell.Result result =
                shell.run(
                        "template",
                        "--template=" + template,
                        "--messages=" + file("m.json", HELLO),
                        "--tools=" + file("tools.json", "[{\"name\": \"clock\"}]"),
                        "--variables=" + file("v.json", "{\"bos_token\": \"<s>\", \"x\": null}"));
        assertThat(result).isEqualTo(new Shell.Result(0, "<s>1clockNone", ""));
    }

    @Test
    void takesSpecialTokensFromTheModel() throws IOException {
        String template = file("t.jinja", "{{ bos_token }} {{ eos_token }}");
        Shell.Result result =
                shell.input("[]")
                        .run("template", model(), "--template", template, "--messages", "-");
        assertThat(result.output()).isEqualTo("<|im_start|> <|im_end|>");
    }

    @Test
    void namesTheLineOfABrokenTemplate() throws IOException {
        String template = file("t.jinja", "a\n{% for %}\n");
        Shell.Result result =
                shell.input("[]").run("template", "--template", template, "--messages", "-");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).startsWith("error: ").contains("line 2").hasLineCount(1);
    }

    @Test
    void messagesThatAreNoArrayAreRefused() throws IOException {
        Shell.Result result =
                shell.input("{\"role\": \"user\"}").run("template", model(), "--messages", "-");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).isEqualTo("error: stdin: expected a JSON array of messages\n");
    }

    @Test
    void messagesAreRequired() throws IOException {
        Shell.Result result = shell.run("template", model());
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.error()).startsWith("error: ").contains("--messages");
    }

    private String model() throws IOException {
        return TinyModel.write(folder.resolve("tiny.gguf")).toString();
    }

    private String file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content).toString();
    }
}
