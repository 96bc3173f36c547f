package mobilellm.sampling;

/// A token with the natural logarithm of its probability.
///
/// @param id position in the vocabulary
/// @param logprob at most 0; negative infinity for a token that cannot come
public record TokenLogprob(int id, double logprob) {}
