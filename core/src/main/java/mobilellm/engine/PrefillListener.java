package mobilellm.engine;

/// Hears of a prefill after each chunk, and may stop it.
@FunctionalInterface
public interface PrefillListener {
    /// Called before the first chunk and after each.
    ///
    /// @param done ids of the prompt that are in the cache, reused ones included
    /// @param total ids of the prompt
    /// @return whether to go on
    boolean onProgress(int done, int total);
}
