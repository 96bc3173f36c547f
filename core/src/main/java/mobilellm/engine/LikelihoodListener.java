package mobilellm.engine;

/// Hears of likelihoods as they become known, in no particular order.
public interface LikelihoodListener {
    /// Called once for each prediction.
    ///
    /// @param index in the list that was handed in
    void onLikelihood(int index, Likelihood likelihood);

    /// Called after each pass.
    ///
    /// @param done rows that were computed
    /// @param total rows that will have been computed in the end
    default void onProgress(long done, long total) {}
}
