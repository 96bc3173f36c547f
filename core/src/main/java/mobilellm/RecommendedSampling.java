package mobilellm;

import mobilellm.checkpoint.GenerationDefaults;
import mobilellm.sampling.SamplingOptions;

import java.util.Optional;

/// The sampling that a model's makers recommend, over [SamplingOptions#defaults()].
///
/// @param options what to sample with
/// @param warning why a recommendation is not followed
record RecommendedSampling(SamplingOptions options, Optional<String> warning) {
    static RecommendedSampling of(GenerationDefaults model) {
        SamplingOptions.Builder options = SamplingOptions.builder();
        model.temperature().ifPresent(options::temperature);
        model.topK().ifPresent(options::topK);
        model.topP().ifPresent(options::topP);
        model.minP().ifPresent(options::minP);
        model.repeatPenalty().ifPresent(options::repeatPenalty);
        // "do_sample": false is how Transformers says: always the most probable token.
        if (model.sample().isPresent() && !model.sample().get()) {
            options.temperature(0);
        }
        try {
            return new RecommendedSampling(options.build(), Optional.empty());
        } catch (IllegalArgumentException e) {
            return new RecommendedSampling(
                    SamplingOptions.defaults(),
                    Optional.of(
                            "the sampling that the model recommends is not followed: "
                                    + e.getMessage()));
        }
    }
}
