package mobilellm.checkpoint;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/// What the makers of a model recommend for generating (`generation_config.json`, the `general.sampling` keys of a
/// GGUF file).
///
/// @param endOfGeneration ids after which the model has nothing more to say; the tokenizer of the checkpoint knows them too
/// @param sample whether to draw at random (`do_sample`) or to take the best token always
public record GenerationDefaults(
        Set<Integer> endOfGeneration,
        Optional<Boolean> sample,
        OptionalDouble temperature,
        OptionalInt topK,
        OptionalDouble topP,
        OptionalDouble minP,
        OptionalDouble repeatPenalty) {
    public GenerationDefaults {
        endOfGeneration = Set.copyOf(endOfGeneration);
    }
}
