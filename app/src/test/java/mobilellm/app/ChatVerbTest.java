package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// `chat` without a terminal.
class ChatVerbTest {
    @TempDir Path folder;
    private final Shell shell = new Shell();
    private String model = "";

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
    }

    private Shell.Result chat(String... options) {
        return shell.run(TestArguments.of("chat", model, options));
    }

    @Test
    void eachLineIsAnsweredByAnObject() {
        shell.input("Hi\n\nHo\n");
        Shell.Result result = chat("--json", "-n", "3", "--temperature", "0", "--ignore-eos");
        assertThat(result.error()).isEmpty();
        List<Map<String, Object>> answers =
                result.output().lines().map(line -> Json.readObject(line, "line")).toList();
        assertThat(answers)
                .hasSize(2)
                .allSatisfy(
                        answer ->
                                assertThat(answer)
                                        .containsKeys("content", "usage", "timings")
                                        .containsEntry("role", "assistant")
                                        .containsEntry("finish_reason", "length"));
        assertThat(answers.getLast())
                .extractingByKey("usage")
                .asString()
                .contains("completion_tokens=3");
        assertThat(answers.getLast())
                .extractingByKey("timings")
                .asString()
                .contains("prefill_tps", "decode_tps");
    }

    @Test
    void theConversationGoesOnFromLineToLine() {
        shell.input("Hi\nHo\n");
        Shell.Result both = chat("--json", "-n", "2", "--temperature", "0", "--ignore-eos");
        shell.input("Ho\n");
        Shell.Result alone = chat("--json", "-n", "2", "--temperature", "0", "--ignore-eos");
        assertThat(promptTokens(both)).isGreaterThan(promptTokens(alone));
    }

    private static int promptTokens(Shell.Result result) {
        String last = result.output().lines().reduce((before, line) -> line).orElseThrow();
        return Json.readObject(last, "line").get("usage") instanceof Map<?, ?> usage
                        && usage.get("prompt_tokens") instanceof Integer tokens
                ? tokens
                : -1;
    }

    @Test
    void aPipeHasNoCommands() {
        Path file = folder.resolve("saved.jsonl");
        shell.input("/save " + file.getFileName() + "\n");
        Shell.Result result = chat("-n", "2", "--temperature", "0");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).endsWith("\n");
        assertThat(Files.exists(file)).isFalse();
    }

    @Test
    void aMessageThatDoesNotFitIsAnError() {
        shell.input("x".repeat(80) + "\n");
        Shell.Result result = chat("--temperature", "0");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).startsWith("error: the prompt has").contains("room for 64");
    }
}
