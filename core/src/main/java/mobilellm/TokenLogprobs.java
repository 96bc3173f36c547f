package mobilellm;

import mobilellm.sampling.TokenLogprob;

import java.util.List;

/// A generated token among its alternatives, as the model itself saw them: without penalties, filters or temperature.
///
/// @param chosen the token that was generated
/// @param top the most probable tokens, the most probable first
public record TokenLogprobs(TokenLogprob chosen, List<TokenLogprob> top) {
    public TokenLogprobs {
        top = List.copyOf(top);
    }
}
