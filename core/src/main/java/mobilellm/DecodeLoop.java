package mobilellm;

import mobilellm.engine.PrefillListener;
import mobilellm.engine.Session;
import mobilellm.sampling.History;
import mobilellm.sampling.Sampler;
import mobilellm.tokenizer.StreamingDecoder;
import mobilellm.tokenizer.Tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/// Reads a prompt, then makes one token after the other: forward, sample, decode, check. The work is done by whoever
/// calls [#advance]; only [#cancel] may be called by another thread meanwhile.
///
/// A token allocates nothing here but its piece of text (and its log-probabilities, if wanted).
final class DecodeLoop {
    private static final double NANOS_PER_SECOND = 1e9;

    private final Session session;
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
    private boolean started;
    private String piece = "";
    private int cached;
    private int computed;
    private int decoded;
    private long prefillNanos;
    private long firstTokenNanos;
    private long decodeNanos;

    /// @throws mobilellm.engine.ContextLengthException if the prompt does not fit
    /// @throws IllegalArgumentException if the prompt is empty or holds an id outside the vocabulary
    DecodeLoop(Session session, Tokenizer tokenizer, int[] prompt, GenerationOptions options) {
        session.check(prompt);
        this.session = session;
        this.prompt = prompt.clone();
        this.options = options;
        sampler = new Sampler(options.sampling(), session.logits().length);
        history = new History(session.contextLength());
        history.addPrompt(prompt);
        if (!options.ignoreEos()) {
            tokenizer.endOfGeneration().forEach(endOfGeneration::set);
        }
        decoder = tokenizer.streamingDecoder(true);
        stop = new StopStrings(options.stop());
    }

    /// Makes the next token, or finds that there is none.
    ///
    /// @return whether [#piece()] may have text
    boolean advance(PrefillListener listener) {
        piece = "";
        if (finish.isPresent()) {
            return false;
        }
        long start = System.nanoTime();
        if (!started) {
            started = true;
            if (read(listener)) {
                choose();
            }
            firstTokenNanos = System.nanoTime() - start;
        } else {
            if (makeRoom()) {
                session.append(history.id(history.size() - 1));
                decoded++;
                choose();
            }
            decodeNanos += System.nanoTime() - start;
        }
        return true;
    }

    private boolean read(PrefillListener listener) {
        long start = System.nanoTime();
        cached = session.reusable(prompt);
        boolean complete =
                session.prefill(
                        prompt, (done, total) -> !cancelled && listener.onProgress(done, total));
        computed = Math.max(0, session.length() - cached);
        prefillNanos = System.nanoTime() - start;
        if (!complete) {
            end(FinishReason.CANCELLED);
        }
        return complete;
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
        int half = session.contextLength() / 2;
        boolean keepsPrompt = options.keep() == GenerationOptions.KEEP_PROMPT;
        session.shift(
                keepsPrompt
                        ? Math.min(prompt.length, half)
                        : Math.min(options.keep(), session.contextLength() - 1));
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
        int id = sampler.sample(session.logits(), history);
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
