package mobilellm.engine;

/// Receives the next-token logits of one position after the other.
@FunctionalInterface
public interface LogitsListener {
    /// Called once for each position, in order.
    ///
    /// @param position counted from 0
    /// @param logits `[vocabulary]`; overwritten after the call
    void onLogits(int position, float[] logits);
}
