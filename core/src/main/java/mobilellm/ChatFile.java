package mobilellm;

import mobilellm.tensor.MalformedFileException;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A conversation as JSON Lines: `{"role": "user", "content": "..."}`, one message a line.
final class ChatFile {
    private static final JsonFactory JSON = new JsonFactory();

    private ChatFile() {}

    static void write(Path path, List<ChatMessage> messages) throws IOException {
        StringBuilder text = new StringBuilder();
        for (ChatMessage message : messages) {
            StringWriter line = new StringWriter();
            try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), line)) {
                json.writeStartObject();
                json.writeStringProperty("role", message.role());
                json.writeStringProperty("content", message.content());
                json.writeEndObject();
            }
            text.append(line).append('\n');
        }
        Files.writeString(path, text);
    }

    /// The messages of a file.
    ///
    /// @throws MalformedFileException naming the line that is no message
    static List<ChatMessage> read(Path path) throws IOException {
        List<ChatMessage> messages = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            int number = 1;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank()) {
                    messages.add(message(path, number, line));
                }
                number++;
            }
        }
        return messages;
    }

    private static ChatMessage message(Path path, int number, String line) {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), line)) {
            String role = null;
            String content = null;
            expect(json.nextToken(), JsonToken.START_OBJECT);
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                expect(json.nextToken(), JsonToken.VALUE_STRING);
                switch (name) {
                    case "role" -> role = json.getString();
                    case "content" -> content = json.getString();
                    default -> throw new IllegalArgumentException("unknown key \"" + name + "\"");
                }
            }
            expect(json.currentToken(), JsonToken.END_OBJECT);
            if (json.nextToken() != null) {
                throw new IllegalArgumentException("more than one value on the line");
            }
            if (role == null || content == null) {
                throw new IllegalArgumentException("\"role\" or \"content\" is missing");
            }
            return new ChatMessage(role, content);
        } catch (JacksonException | IllegalArgumentException e) {
            throw new MalformedFileException(
                    "%s, line %d: expected {\"role\": \"user\", \"content\": \"...\"}: %s"
                            .formatted(path, number, e.getMessage()),
                    e);
        }
    }

    private static void expect(@Nullable JsonToken found, JsonToken expected) {
        if (found != expected) {
            throw new IllegalArgumentException("expected " + expected + ", found " + found);
        }
    }
}
