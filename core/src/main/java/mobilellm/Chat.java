package mobilellm;

import mobilellm.engine.Session;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A conversation with a model.
///
/// Messages are rendered with the model's own chat template. What is said is always plain text: a message that spells a
/// special token does not become one. The session keeps what it has computed, so a further message costs only its own
/// tokens, and the answer is exactly that of a model which read the whole conversation anew.
///
/// Whatever changes the conversation cancels an answer that is still being made.
///
/// A chat belongs to one thread at a time; only [Generation#cancel()] may come from another.
public final class Chat implements AutoCloseable {
    private final MobileLlm model;
    private final ChatPrompt prompt;
    private final Session session;
    private final List<ChatMessage> messages = new ArrayList<>();
    private GenerationOptions options;
    private Optional<Generation> running = Optional.empty();

    Chat(MobileLlm model, ChatPrompt prompt, Session session) {
        this.model = model;
        this.prompt = prompt;
        this.session = session;
        options = model.recommendedOptions();
    }

    /// Sets or replaces the system message; empty text removes it (the template may then have one of its own).
    ///
    /// @return this chat
    public Chat system(String text) {
        endRunning();
        messages.removeIf(message -> message.role().equals(ChatMessage.SYSTEM));
        if (!text.isEmpty()) {
            messages.addFirst(ChatMessage.system(text));
        }
        return this;
    }

    /// Sets the options of the answers to come.
    ///
    /// @return this chat
    public Chat options(GenerationOptions value) {
        options = value;
        return this;
    }

    public GenerationOptions options() {
        return options;
    }

    /// Says something. The answer joins the conversation when it ends, also when it is cut short; an answer that is
    /// cancelled or fails before its first word takes the question back with it. An unfinished earlier answer is cancelled.
    ///
    /// @throws mobilellm.engine.ContextLengthException if the conversation no longer fits; it is left as it was
    /// @throws mobilellm.template.TemplateException if the model's template refuses the conversation
    public Generation send(String text) {
        endRunning();
        ChatMessage question = ChatMessage.user(text);
        messages.add(question);
        return answer(messages::removeLast);
    }

    /// Answers the last message again (with another seed, it is another answer). The answer before is forgotten, unless
    /// the new one is cancelled before its first word.
    ///
    /// @throws IllegalStateException if nothing was answered yet
    public Generation regenerate() {
        endRunning();
        if (messages.isEmpty() || !messages.getLast().role().equals(ChatMessage.ASSISTANT)) {
            throw new IllegalStateException("there is no answer yet that could be made again");
        }
        ChatMessage before = messages.removeLast();
        return answer(() -> messages.add(before));
    }

    private Generation answer(Runnable withdraw) {
        try {
            Generation generation =
                    model.generation(
                            session, ids(), options, finished -> finish(finished, withdraw));
            running = Optional.of(generation);
            return generation;
        } catch (RuntimeException e) {
            withdraw.run();
            throw e;
        }
    }

    private void finish(Generation generation, Runnable withdraw) {
        running = Optional.empty();
        String text = generation.textSoFar();
        if (text.isEmpty() && !generation.isComplete()) {
            withdraw.run();
        } else {
            messages.add(ChatMessage.assistant(text));
        }
    }

    /// The conversation as ids. With context shift, the oldest exchanges are left out until there is room for an answer:
    /// a quarter of the context, or less where less was asked for.
    private int[] ids() {
        List<ChatMessage> shown = new ArrayList<>(messages);
        int[] ids = prompt.encode(shown);
        if (options.contextShift()) {
            int room = Math.min(options.maxTokens(), session.contextLength() / 4);
            while (ids.length > session.contextLength() - room && dropOldest(shown)) {
                ids = prompt.encode(shown);
            }
        }
        return ids;
    }

    /// Drops the first question and its answer, never the last question.
    private static boolean dropOldest(List<ChatMessage> shown) {
        int first = 0;
        while (first < shown.size() && shown.get(first).role().equals(ChatMessage.SYSTEM)) {
            first++;
        }
        int next = first + 1;
        while (next < shown.size() && !shown.get(next).role().equals(ChatMessage.USER)) {
            next++;
        }
        if (next >= shown.size()) {
            return false;
        }
        shown.subList(first, next).clear();
        return true;
    }

    /// A conversation of its own with the same messages, to go on in two ways from here; nothing is computed again.
    public Chat fork() {
        endRunning();
        Chat fork = new Chat(model, prompt, model.track(session.fork())).options(options);
        fork.messages.addAll(messages);
        return fork;
    }

    /// What was computed for the conversation, to be saved and restored in addition to the messages ([Session#save]):
    /// whatever beginning of the conversation it holds is not computed again.
    public Session session() {
        endRunning();
        return session;
    }

    private void endRunning() {
        running.ifPresent(Generation::close);
    }

    /// The conversation so far, without an answer that is still being made.
    public List<ChatMessage> messages() {
        return List.copyOf(messages);
    }

    /// Forgets everything but the system message.
    public void clear() {
        endRunning();
        messages.removeIf(message -> !message.role().equals(ChatMessage.SYSTEM));
    }

    /// Writes the conversation as JSON Lines: `{"role": "user", "content": "..."}`, one message a line.
    public void save(Path path) throws IOException {
        ChatFile.write(path, messages());
    }

    /// Replaces the conversation by one that was saved.
    ///
    /// @throws mobilellm.tensor.MalformedFileException naming the line that is no message; the conversation stays
    public void load(Path path) throws IOException {
        List<ChatMessage> loaded = ChatFile.read(path);
        endRunning();
        messages.clear();
        messages.addAll(loaded);
    }

    /// Frees what the conversation holds.
    @Override
    public void close() {
        endRunning();
        model.release(session);
    }
}
