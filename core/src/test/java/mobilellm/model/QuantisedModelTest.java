package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.Linear;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.Attention;
import mobilellm.config.FeedForward;
import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.Precision;
import mobilellm.config.Rope;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.testing.RandomWeights;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import java.util.List;
import java.util.Optional;
import java.util.Random;

/// A whole model in each type of weights that files have, against the float64 forward pass over its dequantised weights.
class QuantisedModelTest {
    private static final int WIDTH = 256; // of everything: a whole block of every type
    private static final int VOCABULARY = 67;
    private static final int[] IDS = {1, 66, 5, 5, 31, 40, 2, 17, 60};

    private final Random random = new Random(9);

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|[IU]\\d+")
    void givesTheLogitsOfItsDequantisedWeights(DType type) {
        ModelTensors tensors = tensors(type);
        double[][] expected = new Reference(tensors, config()).logits(IDS);
        // f32 sums; int8 activations, whose error grows through the layers of a random model.
        assertThat(error("scalar", Precision.NATIVE, tensors, expected)).isLessThan(1e-5);
        for (String kernels : List.of("vector", "auto")) {
            assertThat(error(kernels, Precision.NATIVE, tensors, expected)).isLessThan(0.05);
            assertThat(error(kernels, Precision.F32, tensors, expected)).isLessThan(1e-5);
        }
    }

    /// Root of the mean squared difference of all logits, as a share of their own size.
    private static double error(
            String kernels, Precision precision, ModelTensors tensors, double[][] expected) {
        double differences = 0;
        double squares = 0;
        try (RunningModel model = new RunningModel(tensors, config(), precision, kernels, 2)) {
            float[][] logits = model.logits(new int[][] {IDS}, 4, KvType.F32)[0];
            for (int position = 0; position < IDS.length; position++) {
                for (int id = 0; id < VOCABULARY; id++) {
                    double value = expected[position][id];
                    differences += Math.pow(logits[position][id] - value, 2);
                    squares += value * value;
                }
            }
        }
        return Math.sqrt(differences / squares);
    }

    private static ModelConfig config() {
        return new ModelConfig(
                "llama",
                1,
                WIDTH,
                new Attention(4, 2, 64),
                new FeedForward(WIDTH),
                VOCABULARY,
                64,
                1e-5,
                new Rope(10_000),
                true,
                LayerSharing.NONE);
    }

    private ModelTensors tensors(DType type) {
        BlockTensors block =
                new BlockTensors(
                        norm(),
                        linear(type, WIDTH),
                        linear(type, WIDTH / 2),
                        linear(type, WIDTH / 2),
                        Optional.empty(),
                        Optional.empty(),
                        linear(type, WIDTH),
                        norm(),
                        Optional.of(linear(type, WIDTH)),
                        linear(type, WIDTH),
                        linear(type, WIDTH));
        return new ModelTensors(matrix(type, VOCABULARY), List.of(block), norm(), Optional.empty());
    }

    private Linear linear(DType type, int rows) {
        return new Linear(matrix(type, rows));
    }

    private Tensor matrix(DType type, int rows) {
        return RandomWeights.of(type, rows, WIDTH, 1 / Math.sqrt(WIDTH), random);
    }

    private Tensor norm() {
        Tensor row = RandomWeights.of(DType.F32, 1, WIDTH, 1, random);
        return new Tensor("norm", DType.F32, Shape.of(WIDTH), row.data());
    }
}
