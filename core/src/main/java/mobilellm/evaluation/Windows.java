package mobilellm.evaluation;

import mobilellm.engine.Session;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.Consumer;

/// Cuts a sequence into windows and measures how well a model predicts them. Every window starts from nothing; it
/// predicts those of its tokens that no window before it predicted, and never its first ones. With a stride of the window's
/// length that is all but one of each window; a smaller stride gives each token at least `length - stride` tokens to go
/// by.
///
/// A rest that is too short for a window is left out, unless the whole sequence is.
///
/// @param length tokens of a window, one more than the model reads: the last one is only predicted
/// @param stride tokens from the start of a window to the start of the next
/// @param context tokens at the start of each window that are not predicted, at least 1
/// @param begin id that takes the place of the first of each window; empty for none
public record Windows(int length, int stride, int context, OptionalInt begin) {
    /// Rows of logits that a comparison holds of each model: 13 MB for a vocabulary of 50,000.
    private static final int CHUNK = 64;

    public Windows {
        if (length < 2) {
            throw new IllegalArgumentException(
                    "a window needs two tokens, one to predict from the other; got " + length);
        }
        if (stride < 1 || stride > length) {
            throw new IllegalArgumentException(
                    "the stride must be 1 to %d, the length of a window, got %d"
                            .formatted(length, stride));
        }
        if (context < 1 || context >= length) {
            throw new IllegalArgumentException(
                    "the first tokens of a window that are not predicted must be 1 to %d, got %d"
                            .formatted(length - 1, context));
        }
    }

    /// Windows that predict all but their first token.
    public Windows(int length, int stride) {
        this(length, stride, 1, OptionalInt.empty());
    }

    /// Windows as llama.cpp's perplexity tool has them: one after the other, and only the second half of each is predicted.
    ///
    /// @param begin id that takes the place of the first of each window, for models that expect one there
    public static Windows secondHalves(int length, OptionalInt begin) {
        // Its logits from position length / 2 on predict the tokens behind them.
        return new Windows(length, length, length / 2 + 1, begin);
    }

    /// Windows of a sequence of so many tokens.
    public int count(int tokens) {
        return tokens < length ? 1 : (tokens - length) / stride + 1;
    }

    /// Runs the first windows of a sequence.
    ///
    /// @param session computes; what it holds is lost
    /// @param ids of the whole sequence
    /// @param most windows to run
    /// @param listener is told the state after each window
    /// @throws mobilellm.engine.ContextLengthException if a window does not fit the session
    /// @throws IllegalArgumentException if there are too few ids to predict one, or one lies outside the vocabulary
    /// @throws ArithmeticException if the model's logits are no numbers
    public Perplexity measure(Session session, int[] ids, int most, Consumer<Perplexity> listener) {
        Losses losses = new Losses();
        each(
                ids,
                most,
                (window, first) -> {
                    session.score(window, first, (_, score) -> losses.add(-score.logprob()));
                    listener.accept(losses.perplexity());
                });
        return losses.perplexity();
    }

    /// Runs the first windows of a sequence with a model, and compares what it predicts with what another one does. Memory does not
    /// grow with the sequence but for 4 bytes a token.
    ///
    /// @param model computes; what it holds is lost
    /// @param baseline what it is compared with, of the same vocabulary
    /// @param ids of the whole sequence
    /// @param most windows to run
    /// @param listener is told the state after each window
    /// @throws mobilellm.engine.ContextLengthException if a window does not fit a session
    /// @throws IllegalArgumentException if there are too few ids to predict one, or one lies outside the vocabulary
    /// @throws ArithmeticException if a model's logits are no numbers
    public Divergence compare(
            Session model,
            Predictions baseline,
            int[] ids,
            int most,
            Consumer<Divergence> listener) {
        Predictions own = Predictions.of(model);
        Divergences divergences = new Divergences();
        float[][] modelRows = new float[CHUNK][0];
        float[][] baselineRows = new float[CHUNK][0];
        each(
                ids,
                most,
                (window, first) -> {
                    // Both stay within the same few positions, so that only their logits are held.
                    for (int start = first - 1; start < window.length - 1; start += CHUNK) {
                        int end = Math.min(start + CHUNK, window.length - 1);
                        int[] inputs = Arrays.copyOf(window, end);
                        own.read(inputs, start, modelRows);
                        baseline.read(inputs, start, baselineRows);
                        int[] targets = Arrays.copyOfRange(window, start + 1, end + 1);
                        divergences.add(targets.length, modelRows, baselineRows, targets);
                    }
                    listener.accept(divergences.sum());
                });
        return divergences.sum();
    }

    /// One window.
    @FunctionalInterface
    private interface Window {
        /// @param ids of the window
        /// @param first position of the first id that is predicted
        void run(int[] ids, int first);
    }

    private void each(int[] ids, int most, Window window) {
        if (Math.min(ids.length, length) <= context) {
            throw new IllegalArgumentException(
                    "the text has %d tokens: %d are needed to predict one from the others"
                            .formatted(ids.length, context + 1));
        }
        int next = 1; // token to predict
        for (int number = 0; number < Math.min(most, count(ids.length)); number++) {
            int from = number * stride;
            int[] part = Arrays.copyOfRange(ids, from, Math.min(from + length, ids.length));
            begin.ifPresent(id -> part[0] = id);
            next = Math.max(next, from + context);
            window.run(part, next - from);
            next = from + part.length;
        }
    }
}
