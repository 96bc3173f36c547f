package mobilellm.app;

import mobilellm.FinishReason;
import mobilellm.Generation;

import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/// A conversation with a person at a terminal.
///
/// The prompt is there at once; the model is loaded behind it, and the first message waits for it. Ctrl-C belongs to what
/// is going on: it stops an answer, or drops the line that is being typed. Only while the model is being loaded there is
/// nothing else to stop, and it ends the program.
final class ChatTerminal {
    private static final String PROMPT = "> ";
    private static final String DIM = "\u001b[2m";
    private static final String NORMAL = "\u001b[0m";

    private final Context context;
    private final LineReader reader;
    private final Future<Conversation> loading;
    private final TerminalText shown = new TerminalText(true);
    private volatile Optional<Generation> running = Optional.empty();
    private boolean introduced; // whether what is odd about the model was told

    private ChatTerminal(Context context, LineReader reader, Future<Conversation> loading) {
        this.context = context;
        this.reader = reader;
        this.loading = loading;
    }

    /// Talks at the terminal of this process until the person leaves.
    ///
    /// @param history file of what was typed before
    /// @param welcome what to tell first
    static void run(Context context, Path history, String welcome, Callable<Conversation> load)
            throws IOException, InterruptedException {
        // Asking the terminal about grapheme clusters would swallow what was typed before the
        // prompt came.
        try (Terminal terminal =
                TerminalBuilder.builder()
                        .provider(TerminalBuilder.PROP_PROVIDER_FFM)
                        .graphemeCluster(false)
                        .build()) {
            run(context, terminal, history, welcome, load);
        }
    }

    /// Talks at `terminal` until the person leaves.
    static void run(
            Context context,
            Terminal terminal,
            Path history,
            String welcome,
            Callable<Conversation> load)
            throws IOException, InterruptedException {
        FutureTask<Conversation> loading = new FutureTask<>(load);
        Thread.ofPlatform().name("load").daemon().start(loading);
        ChatTerminal chat = new ChatTerminal(context, ChatReader.of(terminal, history), loading);
        Thread talking = Thread.currentThread();
        terminal.handle(Terminal.Signal.INT, signal -> chat.interrupt(talking));
        context.notes().note(welcome);
        try {
            chat.talk();
        } finally {
            if (loading.state() == Future.State.SUCCESS) {
                loading.resultNow().close();
            }
        }
    }

    /// Ctrl-C, while no line is being typed.
    private void interrupt(Thread talking) {
        if (!loading.isDone()) {
            talking.interrupt();
        }
        running.ifPresent(Generation::cancel);
    }

    private void talk() throws IOException, InterruptedException {
        boolean goesOn = true;
        while (goesOn) {
            try {
                String line = reader.readLine(PROMPT);
                goesOn = line.isBlank() || respond(line);
            } catch (UserInterruptException e) {
                if (e.getPartialLine().isBlank()) {
                    context.notes().note("Ctrl-D or /exit leaves");
                }
            } catch (EndOfFileException e) {
                goesOn = false;
            }
        }
    }

    /// Answers a message or obeys a command. What goes wrong with one of them does not end the conversation.
    ///
    /// @return whether the conversation goes on
    private boolean respond(String line) throws IOException, InterruptedException {
        Conversation conversation = conversation();
        introduce(conversation);
        try {
            if (!line.startsWith("/")) {
                show(conversation.send(line));
                return true;
            }
            return obey(conversation, line);
        } catch (Output.Failure e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            context.notes().error(ErrorText.of(e));
            return true;
        }
    }

    /// Tells once what is odd about the model: it was loaded while a line was being typed, which nothing may disturb.
    private void introduce(Conversation conversation) {
        if (!introduced) {
            introduced = true;
            ModelLoader.tell(context, conversation.model());
        }
    }

    private Conversation conversation() throws IOException, InterruptedException {
        if (!loading.isDone()) {
            context.notes().transientLine("loading the model …");
        }
        try {
            return loading.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IllegalStateException("cannot load the model", e);
            }
        } finally {
            context.notes().clearTransientLine();
        }
    }

    private void show(Generation answer) {
        running = Optional.of(answer);
        try {
            answer.onPrefill(Answers.progress(context.notes()));
            for (String piece : answer) {
                context.output().text(shown.of(piece));
                context.output().flush();
            }
            if (!answer.text().endsWith("\n")) {
                context.output().line("");
            }
            context.output().flush();
            remark(ending(answer.finishReason()) + Answers.speeds(answer));
        } finally {
            running = Optional.empty();
        }
    }

    private static String ending(FinishReason reason) {
        return switch (reason) {
            case STOP -> "";
            case LENGTH -> "cut at max-tokens; /set max-tokens N changes it. ";
            case CANCELLED -> "stopped. ";
            case CONTEXT -> "the context is full; /clear makes room. ";
        };
    }

    private void remark(String line) {
        context.notes().note(context.environment().animated() ? DIM + line + NORMAL : line);
    }

    private boolean obey(Conversation conversation, String line) throws IOException {
        String[] words = line.strip().split("\\s+", 2);
        String argument = words.length > 1 ? words[1] : "";
        ChatCommand command =
                ChatCommand.of(words[0])
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "there is no command %s; /help lists them, and a message that begins with / needs a space before it"
                                                        .formatted(Text.printable(words[0]))));
        switch (command) {
            case SYSTEM -> conversation.chat().system(argument);
            case CLEAR -> conversation.chat().clear();
            case SAVE -> conversation.chat().save(file(argument));
            case LOAD -> conversation.chat().load(file(argument));
            case STATS -> tell(stats(conversation));
            case REGENERATE -> show(conversation.regenerate());
            case SET -> set(conversation.settings(), argument);
            case HELP -> tell(ChatCommand.help());
            case EXIT -> {
                return false;
            }
        }
        return true;
    }

    private void tell(String text) {
        context.output().text(text);
        context.output().flush();
    }

    private static Path file(String argument) {
        if (argument.isEmpty()) {
            throw new IllegalArgumentException("expected the name of a file");
        }
        return Path.of(argument);
    }

    private static void set(ChatSettings settings, String argument) {
        String[] words = argument.strip().split("[\\s=]+", -1);
        if (words.length != 2) {
            throw new IllegalArgumentException(
                    "expected /set NAME VALUE, such as /set temperature 0.2");
        }
        settings.set(words[0], words[1]);
    }

    private static String stats(Conversation conversation) {
        StringBuilder text = new StringBuilder();
        text.append("messages: ").append(conversation.chat().messages().size()).append('\n');
        conversation
                .last()
                .ifPresent(
                        answer -> {
                            int tokens =
                                    answer.usage().promptTokens()
                                            + answer.usage().completionTokens();
                            text.append(
                                    "context: %d of %d tokens\n"
                                            .formatted(
                                                    tokens, conversation.model().contextLength()));
                            text.append(
                                    "reused: %d of %d prompt tokens\n"
                                            .formatted(
                                                    answer.usage().cachedTokens(),
                                                    answer.usage().promptTokens()));
                            text.append("last answer: ")
                                    .append(Answers.speeds(answer))
                                    .append('\n');
                        });
        text.append("settings: ").append(conversation.settings().describe()).append('\n');
        return text.toString();
    }
}
