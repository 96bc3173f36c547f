package mobilellm.engine;

/// Receives the scores of the ids of a sequence.
@FunctionalInterface
public interface ScoreListener {
    /// Called once for each scored id, in order.
    ///
    /// @param position of the id, counted from 0
    void onScore(int position, TokenScore score);
}
