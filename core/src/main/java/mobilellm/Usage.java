package mobilellm;

/// Tokens that a generation took.
///
/// @param promptTokens ids of the prompt
/// @param completionTokens generated ids, without the token that ends a generation
/// @param cachedTokens ids of the prompt that had been computed before and were not computed again
public record Usage(int promptTokens, int completionTokens, int cachedTokens) {}
