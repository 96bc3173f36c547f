package mobilellm.app;

import mobilellm.MobileLlm;
import mobilellm.config.KvType;
import mobilellm.config.ModelConfig;

/// Bytes that are read for a decoded token.
///
/// @param weights each once
/// @param keyValues of the positions before it, on average
record Traffic(long weights, long keyValues) {
    /// @param type element type of the key/value cache
    /// @param depth tokens in the cache before the first
    /// @param decode tokens that are made
    static Traffic of(MobileLlm model, KvType type, int depth, int decode) {
        ModelConfig config = model.config();
        long numbers = 2L * config.plan().visits().size() * config.keyValueWidth();
        long positions = depth + decode / 2L;
        return new Traffic(model.bytesPerToken(), positions * type.type().bytes(numbers));
    }

    long bytes() {
        return weights + keyValues;
    }
}
