package mobilellm.evaluation;

/// How far a model's predictions lie from those of a baseline, on the same tokens: what quantising costs, for instance. It is
/// a much sharper measure than the difference of two perplexities, in which gains and losses cancel.
///
/// @param model how well the model predicted the text
/// @param baseline how well the baseline did
/// @param lossDifference mean of the model's loss minus the baseline's, in nats; the ratio of perplexities is its exponential
/// @param lossDifferenceError standard error of it, tokens paired
/// @param mean of the Kullback-Leibler divergence of a position, `sum(p ln(p / q))` in nats with the baseline's
///     probabilities p and the model's q (Kullback and Leibler 1951)
/// @param meanError standard error of the mean divergence, as if positions were independent
/// @param median half of all positions have a smaller divergence
/// @param percentile90 90 % have a smaller one
/// @param percentile99 99 % have a smaller one
/// @param largest of all positions
/// @param top1 share of positions where both find the same token most probable, 0 to 1
/// @param probabilityDifference root mean square of the difference between the probabilities that the two give the token
///     of the text, 0 to 1
public record Divergence(
        Perplexity model,
        Perplexity baseline,
        double lossDifference,
        double lossDifferenceError,
        double mean,
        double meanError,
        double median,
        double percentile90,
        double percentile99,
        double largest,
        double top1,
        double probabilityDifference) {
    /// The model's perplexity divided by the baseline's.
    public double perplexityRatio() {
        return Math.exp(lossDifference);
    }
}
