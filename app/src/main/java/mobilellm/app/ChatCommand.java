package mobilellm.app;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// What can be typed at the chat's prompt besides messages.
enum ChatCommand {
    SYSTEM("[TEXT]", "set the system message; without a text, remove it"),
    CLEAR("", "forget the conversation, but not the system message"),
    SAVE("FILE", "write the conversation as JSON Lines"),
    LOAD("FILE", "go on with a conversation that was saved"),
    STATS("", "length and speed of the conversation, and the settings"),
    REGENERATE("", "answer the last message again, with another seed"),
    SET("NAME VALUE", "change a setting, such as temperature 0.2"),
    HELP("", "this list"),
    EXIT("", "leave, as Ctrl-D does");

    private final String argument;
    private final String summary;

    ChatCommand(String argument, String summary) {
        this.argument = argument;
        this.summary = summary;
    }

    /// What the user types.
    String word() {
        return "/" + name().toLowerCase(Locale.ROOT);
    }

    static Optional<ChatCommand> of(String word) {
        return Arrays.stream(values()).filter(command -> command.word().equals(word)).findFirst();
    }

    static String help() {
        String commands =
                Arrays.stream(values())
                        .map(
                                command ->
                                        "  %-24s %s\n"
                                                .formatted(
                                                        command.word() + " " + command.argument,
                                                        command.summary))
                        .collect(Collectors.joining());
        return commands
                + """
                  A backslash at the end of a line, or Alt-Enter, continues the message on the next line; pasted text keeps its lines.
                  A message that begins with / needs a space before it.
                """;
    }
}
