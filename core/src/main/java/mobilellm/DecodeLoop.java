package mobilellm;

import mobilellm.engine.BatchDecoder;
import mobilellm.engine.PrefillListener;
import mobilellm.engine.Session;
import mobilellm.sampling.History;
import mobilellm.sampling.Sampler;
import mobilellm.tokenizer.StreamingDecoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads a prompt, then makes one token after the other: forward, sample, decode, check. The work is done by whoever
/// calls [#advance], or, together with others, [#enqueue] and [#settle] before and after each step; only [#cancel] may be
/// called by another thread meanwhile.
///
/// A token allocates nothing here but its piece of text (and its log-probabilities, if wanted).
final class DecodeLoop {
    private static final double NANOS_PER_SECOND = 1e9;

    private final Session session;
    private final BatchDecoder alone;
    private final int[] prompt;
    private final GenerationOptions options;
    private final BitSet endOfGeneration = new BitSet();
    private final Sampler sampler;
    private final History history;
    private final StreamingDecoder decoder;
    private final StopStrings stop;
    private final List<TokenLogprobs> logprobs = new ArrayList<>();

    private volatile boolean cancelled;
    private Optional<FinishReason> finish = Optional.empty();
    private PrefillListener listener = (done, total) -> true;
    private Stage stage = Stage.NEW;
    private String piece = "";
    private int cached;
    private int computed;
    private int decoded;
    private long startNanos;
    private long prefillNanos;
    private long firstTokenNanos;
    private long decodeNanos;

    private enum Stage {
        NEW,
        /// Ids of the prompt are missing.
        READING,
        /// The rest of the prompt is in the step that is being computed.
        READ,
        WRITING
    }

    /// @param alone computes where nobody else advances this loop
    /// @param ends the ids after which the model has nothing more to say
    /// @param decoder makes text of ids
    /// @throws mobilellm.engine.ContextLengthException if the prompt does not fit
    /// @throws IllegalArgumentException if the prompt is empty or holds an id outside the vocabulary
    DecodeLoop(
            Session session,
            BatchDecoder alone,
            Set<Integer> ends,
            StreamingDecoder decoder,
            int[] prompt,
            GenerationOptions options) {
        session.check(prompt);
        this.session = session;
        this.alone = alone;
        this.prompt = prompt.clone();
        this.options = options;
        sampler = new Sampler(options.sampling(), session.logits().length);
        history = new History(session.contextLength());
        history.addPrompt(prompt);
        if (!options.ignoreEos()) {
            ends.forEach(endOfGeneration::set);
        }
        this.decoder = decoder;
        stop = new StopStrings(options.stop());
    }

    void onPrefill(PrefillListener value) {
        listener = value;
    }

    /// Makes the next token, or finds that there is none; [#piece()] may then have text.
    void advance() {
        do {
            if (!enqueue(alone)) {
                return;
            }
            long start = System.nanoTime();
            alone.step();
            settle(System.nanoTime() - start);
        } while (stage == Stage.READING);
    }

    /// Queues what is to be computed next: a part of the prompt, or the last token.
    ///
    /// @return whether anything was queued; if not, either the text has ended or the step has no room
    boolean enqueue(BatchDecoder step) {
        piece = "";
        if (finish.isPresent()) {
            return false;
        }
        if (cancelled) {
            end(FinishReason.CANCELLED);
            return false;
        }
        if (stage == Stage.WRITING) {
            return enqueueToken(step);
        }
        return step.hasPromptRoom() && enqueuePrompt(step);
    }

    private boolean enqueuePrompt(BatchDecoder step) {
        int done = session.reusable(prompt);
        if (stage == Stage.NEW) {
            startNanos = System.nanoTime();
            cached = done;
            stage = Stage.READING;
        }
        if (!listener.onProgress(done, prompt.length)) {
            end(FinishReason.CANCELLED);
            return false;
        }
        if (step.prefill(session, prompt)) {
            stage = Stage.READ;
        }
        return true;
    }

    private boolean enqueueToken(BatchDecoder step) {
        if (!makeRoom()) {
            return false;
        }
        step.append(session, history.id(history.size() - 1));
        return true;
    }

    /// Takes up what a step has computed.
    ///
    /// @param nanos how long it took
    void settle(long nanos) {
        long start = System.nanoTime();
        if (stage == Stage.WRITING) {
            decoded++;
            choose();
            decodeNanos += nanos + System.nanoTime() - start;
            return;
        }
        prefillNanos += nanos;
        computed = session.length() - cached;
        if (stage == Stage.READ) {
            stage = Stage.WRITING;
            listener.onProgress(prompt.length, prompt.length);
            choose();
            firstTokenNanos = System.nanoTime() - startNanos;
        }
    }

    /// Whether a position is free for the last token, after a shift if that is wanted.
    private boolean makeRoom() {
        if (session.length() < session.contextLength()) {
            return true;
        }
        if (!options.contextShift()) {
            end(FinishReason.CONTEXT);
            return false;
        }
        long start = System.nanoTime();
        int half = session.contextLength() / 2;
        boolean keepsPrompt = options.keep() == GenerationOptions.KEEP_PROMPT;
        session.shift(
                keepsPrompt
                        ? Math.min(prompt.length, half)
                        : Math.min(options.keep(), session.contextLength() - 1));
        decodeNanos += System.nanoTime() - start;
        return true;
    }

    private void choose() {
        if (cancelled) {
            end(FinishReason.CANCELLED);
            return;
        }
        if (generated() == options.maxTokens()) {
            end(FinishReason.LENGTH);
            return;
        }
        int id = sampler.sample(session.logits(), session.largestLogits(), history);
        if (endOfGeneration.get(id)) {
            end(FinishReason.STOP);
            return;
        }
        if (options.logprobs() > 0) {
            logprobs.add(
                    new TokenLogprobs(
                            Sampler.logprob(session.logits(), id),
                            Sampler.topLogprobs(session.logits(), options.logprobs())));
        }
        history.add(id);
        piece = stop.accept(decoder.accept(id));
        if (stop.isFound()) {
            finish = Optional.of(FinishReason.STOP);
        } else if (generated() == options.maxTokens()) {
            end(FinishReason.LENGTH);
        }
    }

    /// Lets go of what the decoder and the stop strings still hold; in that, too, a stop string may come.
    private void end(FinishReason reason) {
        piece += stop.accept(decoder.finish());
        piece += stop.finish();
        finish = Optional.of(stop.isFound() ? FinishReason.STOP : reason);
    }

    /// The text that the last step set free; empty while a character or a possible stop string is incomplete.
    String piece() {
        return piece;
    }

    /// Stops before the next token, or between two chunks of the prompt.
    void cancel() {
        cancelled = true;
    }

    Optional<FinishReason> finish() {
        return finish;
    }

    /// Generated ids.
    int[] ids() {
        return Arrays.copyOfRange(history.toArray(), history.promptLength(), history.size());
    }

    private int generated() {
        return history.size() - history.promptLength();
    }

    List<TokenLogprobs> logprobs() {
        return List.copyOf(logprobs);
    }

    Usage usage() {
        return new Usage(prompt.length, generated(), cached);
    }

    Timings timings() {
        return new Timings(
                computed,
                prefillNanos / NANOS_PER_SECOND,
                firstTokenNanos / NANOS_PER_SECOND,
                decoded,
                decodeNanos / NANOS_PER_SECOND);
    }
}
