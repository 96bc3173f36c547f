package mobilellm.app;

import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.Buffer;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Reference;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Objects;

/// Sets up JLine for messages rather than commands of a shell: quotes, backslashes and exclamation marks mean themselves.
final class ChatReader {
    private static final String CONTINUATION = "  ";
    private static final String ENTER = "chat-enter";

    private ChatReader() {}

    /// @param history file of what was typed before; readable by its owner only
    static LineReader of(Terminal terminal, Path history) throws IOException {
        createPrivate(history);
        DefaultParser parser = new DefaultParser();
        parser.setQuoteChars(new char[0]);
        parser.setEscapeChars(new char[0]);
        LineReader reader =
                LineReaderBuilder.builder()
                        .terminal(terminal)
                        .parser(parser)
                        .completer(
                                new StringsCompleter(
                                        Arrays.stream(ChatCommand.values())
                                                .map(ChatCommand::word)
                                                .toList()))
                        .variable(LineReader.HISTORY_FILE, history)
                        .variable(LineReader.SECONDARY_PROMPT_PATTERN, CONTINUATION)
                        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                        .option(LineReader.Option.HISTORY_REDUCE_BLANKS, false)
                        .build();
        bindEnter(reader);
        return reader;
    }

    /// A backslash before the end of the last line becomes a line break; else the message is complete.
    private static void bindEnter(LineReader reader) {
        reader.getWidgets()
                .put(
                        ENTER,
                        () -> {
                            Buffer buffer = reader.getBuffer();
                            if (buffer.cursor() < buffer.length() || buffer.prevChar() != '\\') {
                                reader.callWidget(LineReader.ACCEPT_LINE);
                            } else {
                                buffer.backspace();
                                buffer.write('\n');
                            }
                            return true;
                        });
        KeyMap<Binding> keys =
                Objects.requireNonNull(reader.getKeyMaps().get(LineReader.MAIN), "key bindings");
        keys.bind(new Reference(ENTER), "\r", "\n");
    }

    /// What was said to a model is nobody else's business.
    private static void createPrivate(Path file) throws IOException {
        if (Files.exists(file)) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        boolean isPosix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        Files.createFile(
                file,
                isPosix
                        ? new FileAttribute<?>[] {
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------"))
                        }
                        : new FileAttribute<?>[0]);
    }
}
