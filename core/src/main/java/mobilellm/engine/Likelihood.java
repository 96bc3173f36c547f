package mobilellm.engine;

/// How well a model predicts some ids.
///
/// @param logLikelihood sum of the natural logarithms of their probabilities
/// @param isGreedy whether each was the most likely, the lowest id of several that are equally likely
public record Likelihood(double logLikelihood, boolean isGreedy) {}
