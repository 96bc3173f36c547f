package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;
import mobilellm.sampling.SamplingOptions;

import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// `chat` with someone who types.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChatTerminalTest {
    private static final String ENTER = "\r";
    private static final String CONTROL_C = "\u0003";
    private static final String CONTROL_D = "\u0004";

    @TempDir Path folder;
    private final ByteArrayOutputStream answers = new ByteArrayOutputStream();
    private final ByteArrayOutputStream notes = new ByteArrayOutputStream();
    private int maxTokens = 3;
    private Map<String, Float> recommended = Map.of();

    /// What is typed after the first piece of an answer is seen.
    private String typedIntoAnswer = "";

    /// Types all of it, and waits until the program leaves.
    private void type(String keys) throws IOException, InterruptedException {
        try (PipedOutputStream keyboard = new PipedOutputStream();
                Terminal terminal =
                        new ExternalTerminal(
                                "test",
                                "xterm",
                                new PipedInputStream(keyboard, 1 << 16),
                                new ByteArrayOutputStream(),
                                StandardCharsets.UTF_8)) {
            type(keyboard, keys);
            ChatTerminal.run(
                    context(keyboard), terminal, folder.resolve("history"), "welcome", this::load);
        }
    }

    private Context context(PipedOutputStream keyboard) {
        ByteArrayOutputStream seen =
                new ByteArrayOutputStream() {
                    @Override
                    public synchronized void write(byte[] bytes, int offset, int length) {
                        answers.write(bytes, offset, length);
                        type(keyboard, typedIntoAnswer);
                        typedIntoAnswer = "";
                    }
                };
        return new Context(
                new ByteArrayInputStream(new byte[0]),
                new Output(seen),
                new Notes(new PrintStream(notes, true, StandardCharsets.UTF_8), false),
                new Environment(Map.of(), true, true, true),
                false);
    }

    private static void type(PipedOutputStream keyboard, String keys) {
        try {
            keyboard.write(keys.getBytes(StandardCharsets.UTF_8));
            keyboard.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Conversation load() throws IOException {
        GenerationOptions options =
                GenerationOptions.builder()
                        .maxTokens(maxTokens)
                        .ignoreEos(true)
                        .contextShift(true)
                        .sampling(SamplingOptions.builder().seed(1).build())
                        .build();
        MobileLlm model = MobileLlm.load(TinyModel.write(folder.resolve("tiny.gguf"), recommended));
        return new Conversation(model, Optional.empty(), new ChatSettings(options));
    }

    private String notes() {
        return notes.toString(StandardCharsets.UTF_8);
    }

    private String saved() throws IOException {
        return Files.readString(folder.resolve("saved.jsonl"));
    }

    private String save() {
        return "/save " + folder.resolve("saved.jsonl") + ENTER;
    }

    @Test
    void anAnswerIsFollowedByItsSpeed() throws Exception {
        type("Hi" + ENTER + CONTROL_D);
        assertThat(answers.size()).isPositive();
        assertThat(notes())
                .startsWith("welcome\n")
                .contains("3 tokens at ", " tokens/s", "cut at max-tokens");
    }

    @Test
    void severalLinesCanBeOneMessage() throws Exception {
        type("one\\" + ENTER + "two" + ENTER + save() + CONTROL_D);
        assertThat(saved()).startsWith("{\"role\":\"user\",\"content\":\"one\\ntwo\"}\n");
    }

    @Test
    void pastedTextKeepsItsLines() throws Exception {
        type("\u001b[200~one\rtwo\\\rthree\u001b[201~" + ENTER + save() + CONTROL_D);
        assertThat(saved())
                .startsWith("{\"role\":\"user\",\"content\":\"one\\ntwo\\\\\\nthree\"}\n");
    }

    @Test
    void controlCStopsTheAnswerAndNotTheProgram() throws Exception {
        maxTokens = Integer.MAX_VALUE;
        typedIntoAnswer = CONTROL_C + save() + "/exit" + ENTER;
        type("Hi" + ENTER);
        assertThat(notes()).contains("stopped. ");
        assertThat(saved()).contains("assistant");
    }

    @Test
    void commandsChangeTheConversation() throws Exception {
        type(
                "/system be brief"
                        + ENTER
                        + "Hi"
                        + ENTER
                        + "/set max-tokens 1"
                        + ENTER
                        + "/regenerate"
                        + ENTER
                        + "/stats"
                        + ENTER
                        + save()
                        + "/clear"
                        + ENTER
                        + "/stats"
                        + ENTER
                        + "/load "
                        + folder.resolve("saved.jsonl")
                        + ENTER
                        + "/stats"
                        + ENTER
                        + "/exit"
                        + ENTER);
        assertThat(saved().lines())
                .satisfiesExactly(
                        line ->
                                assertThat(line)
                                        .isEqualTo(
                                                "{\"role\":\"system\",\"content\":\"be brief\"}"),
                        line ->
                                assertThat(line)
                                        .isEqualTo("{\"role\":\"user\",\"content\":\"Hi\"}"),
                        line -> assertThat(line).startsWith("{\"role\":\"assistant\""));
        assertThat(notes()).contains("1 tokens at ").doesNotContain("error");
        assertThat(answers.toString(StandardCharsets.UTF_8))
                .containsSubsequence(
                        "messages: 3\n", "max-tokens 1,", "messages: 1\n", "messages: 3\n");
    }

    @Test
    void whatIsOddAboutTheModelIsToldOnceBeforeTheFirstAnswer() throws Exception {
        recommended = Map.of("min_p", 2f);
        type("Hi" + ENTER + "Hi" + ENTER + CONTROL_D);
        String warning = "warning: the sampling that the model recommends is not followed";
        assertThat(notes()).containsOnlyOnce(warning).containsSubsequence(warning, "3 tokens at ");
    }

    @Test
    void whatGoesWrongDoesNotEndTheConversation() throws Exception {
        type(
                "/unknown"
                        + ENTER
                        + "/load "
                        + folder.resolve("missing")
                        + ENTER
                        + "/set temperature hot"
                        + ENTER
                        + "/set heat 1"
                        + ENTER
                        + "/regenerate"
                        + ENTER
                        + "Hi"
                        + ENTER
                        + CONTROL_D);
        assertThat(notes())
                .containsSubsequence(
                        "error: there is no command /unknown",
                        "error: there is no file",
                        "error: temperature: expected a number, got 'hot'",
                        "error: there is no setting 'heat'",
                        "error: there is no answer yet",
                        "3 tokens at ");
    }

    @Test
    void whatWasTypedIsRememberedForTheOwnerOnly() throws Exception {
        type("Hi there!" + ENTER + CONTROL_D);
        Path history = folder.resolve("history");
        assertThat(history).content().contains("Hi there!");
        if (Files.getFileStore(history).supportsFileAttributeView("posix")) {
            assertThat(Files.getPosixFilePermissions(history))
                    .hasToString("[OWNER_READ, OWNER_WRITE]");
        }
    }
}
