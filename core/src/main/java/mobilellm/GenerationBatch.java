package mobilellm;

import mobilellm.engine.BatchDecoder;
import mobilellm.engine.Session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Texts that are generated together: a step makes the next token of each and reads the model's weights once for all of
/// them. Every text is the one that [MobileLlm#generate(int[], GenerationOptions)] would give.
///
/// ```java
/// try (GenerationBatch batch = model.batch(8)) {
///     for (int[] prompt : prompts) {
///         batch.add(prompt, options);
///     }
///     while (!batch.isEmpty()) {
///         batch.step().forEach(finished -> System.out.println(finished.text()));
///     }
/// }
/// ```
///
/// Texts join and leave between two steps; [Generation#cancel] makes one leave. One thread at a time.
public final class GenerationBatch implements AutoCloseable {
    private final MobileLlm model;
    private final BatchDecoder decoder;
    private final int streams;
    private final List<Generation> active = new ArrayList<>(); // in the order in which they joined
    private final List<Session> idle = new ArrayList<>();

    GenerationBatch(MobileLlm model, BatchDecoder decoder, int streams) {
        if (streams < 1 || streams > decoder.maximumSessions()) {
            throw new IllegalArgumentException(
                    "a batch has 1 to %d streams, got %d"
                            .formatted(decoder.maximumSessions(), streams));
        }
        this.model = model;
        this.decoder = decoder;
        this.streams = streams;
    }

    /// Whether another text can join.
    public boolean hasRoom() {
        return active.size() < streams;
    }

    /// Whether all texts have ended.
    public boolean isEmpty() {
        return active.isEmpty();
    }

    /// Starts a text; it joins the next step.
    ///
    /// @throws IllegalStateException if there is no room
    /// @throws mobilellm.engine.ContextLengthException if the prompt does not fit
    /// @throws IllegalArgumentException if it is empty, or an id lies outside the vocabulary
    public Generation add(int[] prompt, GenerationOptions options) {
        if (!hasRoom()) {
            throw new IllegalStateException("all %d streams are taken".formatted(streams));
        }
        Session session = session(prompt);
        try {
            Generation generation =
                    model.generation(session, prompt, options, finished -> idle.add(session));
            active.add(generation);
            return generation;
        } catch (RuntimeException e) {
            idle.add(session);
            throw e;
        }
    }

    /// Of the sessions that others have left, the one that knows most of the prompt; else a new one.
    private Session session(int[] prompt) {
        if (idle.isEmpty()) {
            return model.track(model.session());
        }
        Session best =
                idle.stream()
                        .max(Comparator.comparingInt(session -> session.reusable(prompt)))
                        .orElseThrow();
        idle.remove(best);
        return best;
    }

    /// Makes the next token of every text, or reads a part of its prompt: 128 ids a step, of those that joined first.
    ///
    /// @return those that have ended with it; where one failed, asking for its results tells why, and the others go on
    public List<Generation> step() {
        long start = System.nanoTime();
        List<Generation> queued = new ArrayList<>();
        for (Generation generation : active) {
            if (generation.enqueue(decoder)) {
                queued.add(generation);
            }
        }
        decoder.step();
        long nanos = System.nanoTime() - start;
        for (Generation generation : queued) {
            generation.settle(nanos);
        }
        List<Generation> ended = active.stream().filter(Generation::hasEnded).toList();
        active.removeAll(ended);
        return ended;
    }

    /// Cancels what has not ended, and frees what the texts held. Their results stay.
    @Override
    public void close() {
        List.copyOf(active).forEach(Generation::close);
        active.clear();
        idle.forEach(model::release);
        idle.clear();
    }
}
