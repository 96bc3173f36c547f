package mobilellm.evaluation;

import mobilellm.engine.Session;

import java.util.Arrays;
import java.util.function.Consumer;

/// Cuts a sequence into windows and measures how well a model predicts them. Every window starts from nothing; it
/// predicts those of its tokens that no window before it predicted, never its first. With a stride of the window's length
/// that is all but one of each window; a smaller stride gives each token at least `length - stride` tokens to go by.
///
/// A rest that is too short for a window is left out, unless the whole sequence is.
///
/// @param length tokens of a window, one more than the model reads: the last one is only predicted
/// @param stride tokens from the start of a window to the start of the next
public record Windows(int length, int stride) {
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
    /// @throws IllegalArgumentException if there are less than two ids, or one lies outside the vocabulary
    /// @throws ArithmeticException if the model's logits are no numbers
    public Perplexity measure(Session session, int[] ids, int most, Consumer<Perplexity> listener) {
        if (ids.length < 2) {
            throw new IllegalArgumentException(
                    "the text has %d tokens: two are needed to predict one from the other"
                            .formatted(ids.length));
        }
        Losses losses = new Losses();
        int next = 1; // token to predict
        for (int window = 0; window < Math.min(most, count(ids.length)); window++) {
            int begin = window * stride;
            int end = Math.min(begin + length, ids.length);
            next = Math.max(next, begin + 1);
            session.score(
                    Arrays.copyOfRange(ids, begin, end),
                    next - begin,
                    (_, score) -> losses.add(-score.logprob()));
            next = end;
            listener.accept(losses.mean());
        }
        return losses.mean();
    }

    /// Sums of the losses and of their squares.
    private static final class Losses {
        private long count;
        private double sum;
        private double squares;

        void add(double loss) {
            count++;
            sum += loss;
            squares += loss * loss;
        }

        Perplexity mean() {
            double mean = sum / count;
            double variance = count < 2 ? 0 : (squares - sum * mean) / (count - 1);
            return new Perplexity(count, mean, Math.sqrt(Math.max(0, variance) / count));
        }
    }
}
