package mobilellm.app;

import mobilellm.ChatMessage;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Reads a file of prompts, one JSON object a line: `{"prompt": "…"}`, `{"ids": [1, 2, 3]}` or
/// `{"messages": [{"role": "user", "content": "…"}]}`.
///
/// @param ofText what the text of a `prompt` becomes
/// @param vocabularySize ids are below it
record PromptLines(Function<String, Prompt> ofText, int vocabularySize) {
    /// A prompt and where it stands.
    record Line(String where, Prompt prompt) {}

    /// All prompts of a file, or of stdin for `-`.
    ///
    /// @throws IllegalArgumentException naming the first line that is no prompt
    List<Line> read(String source, Context context) throws IOException {
        List<Line> prompts = new ArrayList<>();
        try (InputStream stream = Texts.open(source, context);
                BufferedReader lines = Texts.lines(stream)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    String where = "line " + number + " of " + Texts.name(source);
                    prompts.add(new Line(where, prompt(line, where)));
                }
            }
        }
        return prompts;
    }

    private Prompt prompt(String line, String where) {
        Map<String, Object> question = Json.readObject(line, where);
        if (question.size() == 1) {
            if (question.get("prompt") instanceof String text) {
                return ofText.apply(text);
            }
            if (question.containsKey("ids")) {
                return new Prompt.OfIds(Texts.ids(question.get("ids"), where, vocabularySize));
            }
            if (question.get("messages") instanceof List<?> messages && !messages.isEmpty()) {
                return new Prompt.OfMessages(
                        messages.stream().map(message -> message(message, where)).toList());
            }
        }
        throw new IllegalArgumentException(
                where
                        + ": expected {\"prompt\": \"…\"}, {\"ids\": [1, 2, 3]} or {\"messages\":"
                        + " [{\"role\": \"user\", \"content\": \"…\"}]}");
    }

    private static ChatMessage message(Object message, String where) {
        if (message instanceof Map<?, ?> map
                && map.size() == 2
                && map.get("role") instanceof String role
                && map.get("content") instanceof String content) {
            try {
                return new ChatMessage(role, content);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
            }
        }
        throw new IllegalArgumentException(
                where + ": expected a message {\"role\": \"user\", \"content\": \"…\"}");
    }
}
