package mobilellm.engine;

/// How well one id of a sequence was predicted by those before it.
///
/// @param logprob natural logarithm of its probability, to about 1e-6
/// @param best the most probable id there, the lowest of several
/// @param bestLogprob natural logarithm of that one's probability
public record TokenScore(double logprob, int best, double bestLogprob) {}
