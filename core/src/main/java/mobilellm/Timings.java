package mobilellm;

/// Where the time of a generation went. The time that the caller takes between two pieces of text is not counted.
///
/// @param prefillTokens ids of the prompt that were computed
/// @param prefillSeconds time for computing them
/// @param firstTokenSeconds from the start of the work to the first token
/// @param decodeTokens tokens after the first, the one that ended the generation included
/// @param decodeSeconds time for them
public record Timings(
        int prefillTokens,
        double prefillSeconds,
        double firstTokenSeconds,
        int decodeTokens,
        double decodeSeconds) {
    /// Speed of reading the prompt; 0 where nothing was read.
    public double prefillTokensPerSecond() {
        return prefillSeconds > 0 ? prefillTokens / prefillSeconds : 0;
    }

    /// Speed of writing after the first token; 0 where there was only one.
    public double decodeTokensPerSecond() {
        return decodeSeconds > 0 ? decodeTokens / decodeSeconds : 0;
    }
}
