package mobilellm.engine;

import mobilellm.config.KvType;
import mobilellm.config.ModelConfig;

/// How a session keeps its sequence.
///
/// @param contextLength positions that fit, 1 to what the model was trained for
/// @param keyValueType element type of the key/value cache
/// @param prefillChunk ids computed at once while a prompt is read, 1 to the transformer's largest batch; between
///     two chunks a prefill can be stopped
public record SessionOptions(int contextLength, KvType keyValueType, int prefillChunk) {
    /// Large enough that weights are read from memory few times, small enough that a stop takes effect within a
    /// second on a slow machine.
    public static final int DEFAULT_PREFILL_CHUNK = 128;

    public SessionOptions {
        atLeastOne("context length", contextLength);
        atLeastOne("prefill chunk", prefillChunk);
    }

    /// Options with the default chunk.
    public SessionOptions(int contextLength, KvType keyValueType) {
        this(contextLength, keyValueType, DEFAULT_PREFILL_CHUNK);
    }

    /// Checks the options against a model.
    ///
    /// @throws IllegalArgumentException if it is longer than the model was trained for: positions beyond mean nothing;
    ///     or if the key/value cache cannot have this type
    public void check(ModelConfig config) {
        if (contextLength > config.contextLength()) {
            throw new IllegalArgumentException(
                    "a context of %,d positions is more than the %,d that the model was trained for"
                            .formatted(contextLength, config.contextLength()));
        }
        if (!keyValueType.fits(config.headDim())) {
            throw new IllegalArgumentException(
                    "a key/value cache in q8_0 takes heads whose width is a multiple of 32, this model's is %d: use f16"
                            .formatted(config.headDim()));
        }
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, got " + value);
        }
    }
}
