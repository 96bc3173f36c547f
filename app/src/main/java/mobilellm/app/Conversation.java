package mobilellm.app;

import mobilellm.Chat;
import mobilellm.Generation;
import mobilellm.MobileLlm;

import java.util.Optional;

/// A chat with its model and settings, as both the terminal and a pipe hold it.
final class Conversation implements AutoCloseable {
    private final MobileLlm model;
    private final Chat chat;
    private final ChatSettings settings;
    private Optional<Generation> last = Optional.empty();

    /// @param system the system message; empty for the template's own
    Conversation(MobileLlm model, Optional<String> system, ChatSettings settings) {
        this.model = model;
        this.settings = settings;
        chat = model.chat();
        system.ifPresent(chat::system);
    }

    Generation send(String text) {
        return begin(chat.options(settings.next()).send(text));
    }

    Generation regenerate() {
        return begin(chat.options(settings.next()).regenerate());
    }

    private Generation begin(Generation answer) {
        last = Optional.of(answer);
        return answer;
    }

    MobileLlm model() {
        return model;
    }

    Chat chat() {
        return chat;
    }

    ChatSettings settings() {
        return settings;
    }

    /// The answer that was made last.
    Optional<Generation> last() {
        return last;
    }

    @Override
    public void close() {
        chat.close();
        model.close();
    }
}
