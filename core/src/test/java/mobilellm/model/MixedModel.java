package mobilellm.model;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.Linear;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.Attention;
import mobilellm.config.Attention.Bias;
import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.FeedForward;
import mobilellm.config.FeedForward.Activation;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.Rope;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.testing.RandomWeights;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// A small model of random weights in which neighbouring matrices have different types, and every size is odd in units
/// of the kernels: 5 blocks of 32 columns in the feed-forward layer, 131 tokens.
final class MixedModel {
    private static final List<DType> TYPES =
            List.of(DType.Q4_0, DType.Q8_0, DType.F32, DType.Q4_1, DType.F16, DType.BF16);

    private final Random random = new Random(8);
    private final ModelConfig config;
    private int next;

    private MixedModel(ModelConfig config, int first) {
        this.config = config;
        next = first;
    }

    /// Three query heads for one key/value head, and nothing special.
    static ModelConfig config(LayerSharing sharing) {
        return config(new Attention(3, 1, 32), new FeedForward(160), sharing);
    }

    /// Biases everywhere and weighted head norms; heads of 24 that are together wider than the residual stream.
    static ModelConfig biased(LayerSharing sharing) {
        return config(
                new Attention(8, 2, 24, Bias.ALL, QueryKeyNorm.WEIGHTED_BEFORE_ROPE),
                new FeedForward(160, Activation.SWIGLU, true),
                sharing);
    }

    /// No gate, and heads normalised after their rotation.
    static ModelConfig ungated(LayerSharing sharing) {
        return config(
                new Attention(6, 2, 16, Bias.QUERY_KEY_VALUE, QueryKeyNorm.PLAIN_AFTER_ROPE),
                new FeedForward(160, Activation.RELU, false),
                sharing);
    }

    private static ModelConfig config(
            Attention attention, FeedForward feedForward, LayerSharing sharing) {
        return new ModelConfig(
                "llama",
                2,
                96,
                attention,
                feedForward,
                131,
                1024,
                1e-5,
                new Rope(10_000),
                true,
                sharing);
    }

    /// @param first which type the embedding has; the matrices after it take the next ones in turn
    static ModelTensors tensors(ModelConfig config, int first) {
        MixedModel model = new MixedModel(config, first);
        int hidden = config.hiddenSize();
        Tensor embedding = model.matrix(config.vocabularySize(), hidden);
        List<BlockTensors> blocks = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            blocks.add(model.block());
        }
        return new ModelTensors(embedding, blocks, model.vector(hidden), Optional.empty());
    }

    private BlockTensors block() {
        Attention attention = config.attention();
        FeedForward feedForward = config.feedForward();
        int hidden = config.hiddenSize();
        int inner = config.intermediateSize();
        boolean biased = attention.bias() != Bias.NONE;
        return new BlockTensors(
                vector(hidden),
                linear(config.queryWidth(), hidden, biased),
                linear(config.keyValueWidth(), hidden, biased),
                linear(config.keyValueWidth(), hidden, biased),
                headNorm(),
                headNorm(),
                linear(hidden, config.queryWidth(), attention.bias() == Bias.ALL),
                vector(hidden),
                feedForward.gated()
                        ? Optional.of(linear(inner, hidden, feedForward.bias()))
                        : Optional.empty(),
                linear(inner, hidden, feedForward.bias()),
                linear(hidden, inner, feedForward.bias()));
    }

    private Optional<Tensor> headNorm() {
        return config.attention().norm() == QueryKeyNorm.WEIGHTED_BEFORE_ROPE
                ? Optional.of(vector(config.headDim()))
                : Optional.empty();
    }

    private Linear linear(int rows, int columns, boolean biased) {
        return new Linear(
                matrix(rows, columns), biased ? Optional.of(vector(rows)) : Optional.empty());
    }

    private Tensor matrix(int rows, int columns) {
        DType type = TYPES.get(next++ % TYPES.size());
        return RandomWeights.of(type, rows, columns, 2 / Math.sqrt(columns), random);
    }

    private Tensor vector(int width) {
        Tensor row = RandomWeights.of(DType.F32, 1, width, 1, random);
        return new Tensor("vector", DType.F32, Shape.of(width), row.data());
    }
}
