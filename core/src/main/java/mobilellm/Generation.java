package mobilellm;

import mobilellm.engine.BatchDecoder;
import mobilellm.engine.PrefillListener;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// A text that is being generated.
///
/// There is no thread behind it: tokens are made while someone asks for them, by iterating ([#iterator], [#stream]) or
/// by asking for the whole ([#text] and every other result, which all run what is left). Iterating again starts from
/// the beginning without generating again. Pieces have whole characters and are never empty; together they are exactly
/// [#text].
///
/// [#cancel] may be called from any thread; the text then ends where it is. A generation that is neither run to its end
/// nor closed keeps its memory until its chat or model is closed.
public final class Generation implements Iterable<String>, AutoCloseable {
    private final DecodeLoop loop;
    private final Consumer<Generation> whenFinished;
    private final List<String> pieces = new ArrayList<>();
    private boolean released;
    private Optional<RuntimeException> failure = Optional.empty();

    /// @param whenFinished called once: when the last piece was made, or when making one failed
    Generation(DecodeLoop loop, Consumer<Generation> whenFinished) {
        this.loop = loop;
        this.whenFinished = whenFinished;
    }

    /// Sets who hears of the progress while the prompt is read; it may also stop the generation there. To be called
    /// before the first piece is asked for.
    ///
    /// @return this generation
    public synchronized Generation onPrefill(PrefillListener listener) {
        loop.onPrefill(listener);
        return this;
    }

    /// Pieces of text, each made when it is asked for.
    @Override
    public Iterator<String> iterator() {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return has(next);
            }

            @Override
            public String next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("the generation has ended");
                }
                return piece(next++);
            }
        };
    }

    /// Pieces of text, each made when it is asked for.
    public Stream<String> stream() {
        return StreamSupport.stream(spliterator(), false);
    }

    private synchronized String piece(int index) {
        return pieces.get(index);
    }

    /// Generates until there is a piece at `index`.
    private synchronized boolean has(int index) {
        while (pieces.size() <= index && loop.finish().isEmpty()) {
            step();
        }
        return index < pieces.size();
    }

    private void step() {
        failure.ifPresent(
                cause -> {
                    throw new IllegalStateException("the generation failed before", cause);
                });
        attempt(
                () -> {
                    loop.advance();
                    return true;
                });
    }

    /// Queues the next step, to be computed together with those of others. A failure is told to who asks for the results.
    ///
    /// @return whether anything was queued
    synchronized boolean enqueue(BatchDecoder decoder) {
        try {
            return attempt(() -> loop.enqueue(decoder));
        } catch (RuntimeException told) {
            return false;
        }
    }

    /// Takes up what the step has computed. A failure is told to who asks for the results.
    synchronized void settle(long nanos) {
        try {
            attempt(
                    () -> {
                        loop.settle(nanos);
                        return true;
                    });
        } catch (RuntimeException told) {
            // `failure` has it.
        }
    }

    /// Whether nothing more will be computed.
    synchronized boolean hasEnded() {
        return released;
    }

    private boolean attempt(BooleanSupplier work) {
        boolean result;
        try {
            result = work.getAsBoolean();
        } catch (RuntimeException e) {
            failure = Optional.of(e);
            release();
            throw e;
        }
        if (!loop.piece().isEmpty()) {
            pieces.add(loop.piece());
        }
        if (loop.finish().isPresent()) {
            release();
        }
        return result;
    }

    private void release() {
        if (!released) {
            released = true;
            whenFinished.accept(this);
        }
    }

    private synchronized void run() {
        while (loop.finish().isEmpty()) {
            step();
        }
    }

    /// The whole text.
    public String text() {
        run();
        return textSoFar();
    }

    /// The text that was made until now; generates nothing.
    synchronized String textSoFar() {
        return String.join("", pieces);
    }

    /// Whether the text ended by itself: nobody cancelled, nothing failed.
    synchronized boolean isComplete() {
        return loop.finish().filter(reason -> reason != FinishReason.CANCELLED).isPresent();
    }

    /// The generated ids, without the token that ended the generation.
    public int[] ids() {
        run();
        return loop.ids();
    }

    public FinishReason finishReason() {
        run();
        return loop.finish().orElseThrow();
    }

    public Usage usage() {
        run();
        return loop.usage();
    }

    public Timings timings() {
        run();
        return loop.timings();
    }

    /// One entry for each of [#ids], if [GenerationOptions#logprobs] asked for it; else none.
    public List<TokenLogprobs> logprobs() {
        run();
        return loop.logprobs();
    }

    /// Ends the text where it is. Takes effect before the next token, or between two chunks of the prompt.
    public void cancel() {
        loop.cancel();
    }

    /// Cancels, and frees what the generation holds. Its results stay.
    @Override
    public void close() {
        cancel();
        if (failure.isEmpty()) {
            run();
        }
    }
}
