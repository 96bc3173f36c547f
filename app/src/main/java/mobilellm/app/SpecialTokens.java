package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.tokenizer.Tokenizer;

import java.util.LinkedHashMap;
import java.util.Map;

/// The variables of a chat template that come from the vocabulary: `bos_token`, `eos_token` and their like.
final class SpecialTokens {
    private static final Map<String, String> KEYS =
            Map.of(
                    "bos_token", "tokenizer.ggml.bos_token_id",
                    "eos_token", "tokenizer.ggml.eos_token_id",
                    "unk_token", "tokenizer.ggml.unknown_token_id",
                    "pad_token", "tokenizer.ggml.padding_token_id");

    private SpecialTokens() {}

    static Map<String, Object> variables(Checkpoint checkpoint) {
        Tokenizer tokenizer = checkpoint.tokenizer();
        Map<String, Object> variables = new LinkedHashMap<>();
        KEYS.forEach(
                (variable, key) -> {
                    if (checkpoint.metadata().get(key) instanceof Number id
                            && id.longValue() >= 0
                            && id.longValue() < tokenizer.vocabularySize()) {
                        variables.put(variable, tokenizer.piece(id.intValue()));
                    }
                });
        return variables;
    }
}
