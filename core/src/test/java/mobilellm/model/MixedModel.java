package mobilellm.model;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.Linear;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.Attention;
import mobilellm.config.FeedForward;
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
/// of the kernels: 3 query heads, 5 blocks of 32 columns in the feed-forward layer, 131 tokens.
final class MixedModel {
    private static final List<DType> TYPES =
            List.of(DType.Q4_0, DType.Q8_0, DType.F32, DType.Q4_1, DType.F16, DType.BF16);

    private final Random random = new Random(8);
    private int next;

    private MixedModel(int first) {
        next = first;
    }

    static ModelConfig config(LayerSharing sharing) {
        return new ModelConfig(
                "llama",
                2,
                96,
                new Attention(3, 1, 32),
                new FeedForward(160),
                131,
                1024,
                1e-5,
                new Rope(10_000),
                true,
                sharing);
    }

    /// @param first which type the embedding has; the matrices after it take the next ones in turn
    static ModelTensors tensors(int first) {
        MixedModel model = new MixedModel(first);
        Tensor embedding = model.matrix(131, 96);
        List<BlockTensors> blocks = new ArrayList<>();
        for (int layer = 0; layer < 2; layer++) {
            blocks.add(
                    new BlockTensors(
                            model.norm(),
                            model.linear(96, 96),
                            model.linear(32, 96),
                            model.linear(32, 96),
                            Optional.empty(),
                            Optional.empty(),
                            model.linear(96, 96),
                            model.norm(),
                            Optional.of(model.linear(160, 96)),
                            model.linear(160, 96),
                            model.linear(96, 160)));
        }
        return new ModelTensors(embedding, blocks, model.norm(), Optional.empty());
    }

    private Linear linear(int rows, int columns) {
        return new Linear(matrix(rows, columns));
    }

    private Tensor matrix(int rows, int columns) {
        DType type = TYPES.get(next++ % TYPES.size());
        return RandomWeights.of(type, rows, columns, 2 / Math.sqrt(columns), random);
    }

    private Tensor norm() {
        Tensor row = RandomWeights.of(DType.F32, 1, 96, 1, random);
        return new Tensor("norm", DType.F32, Shape.of(96), row.data());
    }
}
