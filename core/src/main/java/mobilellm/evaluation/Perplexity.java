package mobilellm.evaluation;

/// How well a model predicted the tokens of a text: the exponential of the mean negative log-likelihood of a token, each
/// given what stands before it in its window.
///
/// @param tokens how many were predicted
/// @param loss mean negative log-likelihood, in nats
/// @param lossError standard error of `loss`, as if the tokens were independent; they are not, so it is a little too small
public record Perplexity(long tokens, double loss, double lossError) {
    public double perplexity() {
        return Math.exp(loss);
    }

    /// Standard error of [#perplexity], to first order: that of the loss times the slope of the exponential.
    public double perplexityError() {
        return perplexity() * lossError;
    }

    /// The perplexity of units that are longer or shorter than tokens, such as words or bytes: `exp(loss * T / U)`. Unlike
    /// the perplexity of tokens it can be compared between tokenizers.
    ///
    /// @param tokensOfText `T`, all tokens of the text, predicted or not
    /// @param units `U`, all units of the text
    public double perUnit(long tokensOfText, long units) {
        return Math.exp(loss * tokensOfText / units);
    }

    /// `loss / ln 2 * T / B` (Gao et al. 2020, The Pile, section 3.1).
    ///
    /// @param tokensOfText `T`, all tokens of the text, predicted or not
    /// @param bytes `B`, of the text in UTF-8
    public double bitsPerByte(long tokensOfText, long bytes) {
        return loss / Math.log(2) * tokensOfText / bytes;
    }
}
