package mobilellm.config;

import mobilellm.tensor.DType;

import java.util.stream.IntStream;

/// How many bytes a model takes, before it exists. Matrices can have any type, the embedding another one; norms and biases
/// are F32.
public record Footprint(ModelConfig config) {
    /// Sampler, and logits of one row twice.
    private static final long BYTES_PER_TOKEN_OF_VOCABULARY = 38;

    /// Whether the rows of every matrix are whole blocks of a type.
    public boolean isStorable(DType type) {
        return IntStream.of(config.hiddenSize(), config.queryWidth(), config.intermediateSize())
                .allMatch(columns -> columns % type.blockSize() == 0);
    }

    /// Bytes of all weights.
    ///
    /// @param embedding type of the embedding, and of the head where it is its own matrix
    /// @throws IllegalArgumentException if a row is not a multiple of a type's block
    public long weightBytes(DType matrices, DType embedding) {
        if (!isStorable(matrices) || !isStorable(embedding)) {
            throw new IllegalArgumentException(
                    "rows of %d, %d and %d weights are not whole blocks of %s and %s"
                            .formatted(
                                    config.hiddenSize(),
                                    config.queryWidth(),
                                    config.intermediateSize(),
                                    matrices,
                                    embedding));
        }
        long vectors = config.parameters() - config.embeddingParameters() - matrixParameters();
        return embedding.bytes(config.embeddingParameters())
                + matrices.bytes(matrixParameters())
                + Float.BYTES * vectors;
    }

    /// Weights of the blocks' matrices.
    private long matrixParameters() {
        long attention = 2L * (config.queryWidth() + config.keyValueWidth());
        long feedForward = (config.feedForward().gated() ? 3L : 2L) * config.intermediateSize();
        return (long) config.layers() * config.hiddenSize() * (attention + feedForward);
    }

    /// Bytes of keys and values of one position, in all slots of the layer plan.
    public long cacheBytesPerToken(KvType type) {
        return type.type().bytes(2L * config.plan().cacheSlots() * config.keyValueWidth());
    }

    /// About what a forward pass and a sampler need besides weights and cache: the f32 values of every operation, a quarter
    /// more for their quantised forms, logits.
    ///
    /// @param rows tokens that are computed at once
    public long workingBytes(int rows) {
        long values =
                3L * config.hiddenSize()
                        + 2L * (config.queryWidth() + config.keyValueWidth())
                        + (config.feedForward().gated() ? 3L : 2L) * config.intermediateSize();
        return 5L * rows * values + BYTES_PER_TOKEN_OF_VOCABULARY * config.vocabularySize();
    }
}
