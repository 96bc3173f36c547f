package mobilellm;

import java.util.regex.Pattern;

/// One message of a conversation.
///
/// @param role who speaks: `system`, `user`, `assistant`, or what else the model's template knows
/// @param content what is said; plain text, whatever it looks like
public record ChatMessage(String role, String content) {
    public static final String SYSTEM = "system";
    public static final String USER = "user";
    public static final String ASSISTANT = "assistant";

    /// Templates write the role between special tokens, so it must not be able to forge one.
    private static final Pattern ROLE = Pattern.compile("[a-z][a-z_]{0,31}");

    public ChatMessage {
        if (!ROLE.matcher(role).matches()) {
            throw new IllegalArgumentException(
                    "the role of a message must be a word of lower-case letters such as \"user\","
                            + " got \""
                            + role
                            + '"');
        }
    }

    public static ChatMessage system(String content) {
        return new ChatMessage(SYSTEM, content);
    }

    public static ChatMessage user(String content) {
        return new ChatMessage(USER, content);
    }

    public static ChatMessage assistant(String content) {
        return new ChatMessage(ASSISTANT, content);
    }
}
