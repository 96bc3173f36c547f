package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.config.Attention.Bias;
import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.FeedForward.Activation;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.RopeScaling;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.Tensor;
import mobilellm.testing.ExpectedTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Every model directory of the reference.
class DirectoryCheckpointTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    plain-96x4/safetensors         | safetensors
                    plain-96x4/safetensors-sharded | safetensors, 3 files
                    ls-192x2/safetensors           | safetensors
                    untied-96x2/safetensors        | safetensors
                    plain-96x4/bin                 | PyTorch
                    ls-192x2/bin                   | PyTorch
                    untied-96x2/bin-legacy         | PyTorch
                    untied-96x2/bin-sharded        | PyTorch, 2 files
                    relu-80x3/safetensors          | safetensors
                    llama-rope-llama3/hf           | safetensors
                    llama-rope-linear/hf           | safetensors
                    llama-all-bias/hf              | safetensors
                    qwen2-qkv-bias/hf              | safetensors
                    qwen3-qk-norm/hf               | safetensors
                    """)
    void holdsTheWeightsOfTheReference(String layout, String format) throws IOException {
        ExpectedTensors expected = ExpectedTensors.of(layout);
        try (Checkpoint checkpoint = open(layout)) {
            expected.assertEqual(checkpoint.storedTensors());
            expected.assertEqual(Roles.named(checkpoint.tensors(), "mlp"));
            assertThat(checkpoint.format()).isEqualTo(format);
            assertThat(checkpoint.warnings()).isEmpty();
        }
    }

    /// Llama 4 rotates rows `2i` and `2i + 1` of a head together.
    @Test
    void interleavedPairsComeInHalfSplitOrder() throws IOException {
        ExpectedTensors expected = ExpectedTensors.of("llama4-r1-like/hf");
        try (Checkpoint checkpoint = open("llama4-r1-like/hf")) {
            expected.assertEqual(checkpoint.storedTensors());
            List<Tensor> roles = Roles.named(checkpoint.tensors(), "feed_forward");
            List<Tensor> stored = new ArrayList<>(checkpoint.storedTensors());
            for (Tensor role : roles) {
                float[] ours = Dequantise.toFloat(role);
                float[] theirs =
                        Dequantise.toFloat(
                                stored.stream()
                                        .filter(tensor -> tensor.name().equals(role.name()))
                                        .findAny()
                                        .orElseThrow());
                boolean rotated = role.name().matches(".*\\.[qk]_proj\\.weight");
                int columns = role.columns();
                for (int row = 0; row < role.rows(); row++) {
                    int inHead = row % 16;
                    int from = inHead < 8 ? 2 * inHead : 2 * (inHead - 8) + 1;
                    int other = rotated ? row - inHead + from : row;
                    assertThat(ours[row * columns]).isEqualTo(theirs[other * columns]);
                    assertThat(ours[row * columns + columns - 1])
                            .isEqualTo(theirs[other * columns + columns - 1]);
                }
            }
            assertThat(roles).hasSameSizeAs(stored);
        }
    }

    @Test
    void readsMobileLlm() throws IOException {
        ModelConfig config = config("plain-96x4/safetensors");
        assertThat(config.architecture()).isEqualTo("mobilellm");
        assertThat(config.layers()).isEqualTo(4);
        assertThat(config.hiddenSize()).isEqualTo(96);
        assertThat(config.intermediateSize()).isEqualTo(256);
        assertThat(config.heads()).isEqualTo(3);
        assertThat(config.keyValueHeads()).isEqualTo(1);
        assertThat(config.headDim()).isEqualTo(32);
        assertThat(config.vocabularySize()).isEqualTo(512);
        assertThat(config.contextLength()).isEqualTo(2048);
        assertThat(config.rmsNormEpsilon()).isEqualTo(1e-5);
        assertThat(config.rope().theta()).isEqualTo(10_000);
        assertThat(config.tiedEmbedding()).isTrue();
        assertThat(config.sharing()).isEqualTo(LayerSharing.NONE);
        assertThat(config("ls-192x2/safetensors").sharing())
                .isEqualTo(
                        new LayerSharing(
                                LayerSharing.Strategy.IMMEDIATE, 2, LayerSharing.Cache.OWN));
        assertThat(config("untied-96x2/safetensors").tiedEmbedding()).isFalse();
        assertThat(config("untied-96x2/safetensors").rope().theta()).isEqualTo(500);
        assertThat(config("relu-80x3/safetensors").feedForward().activation())
                .isEqualTo(Activation.RELU);
    }

    @Test
    void readsWhatOtherFamiliesHaveMore() throws IOException {
        ModelConfig bias = config("llama-all-bias/hf");
        assertThat(bias.attention().bias()).isEqualTo(Bias.ALL);
        assertThat(bias.feedForward().bias()).isTrue();
        assertThat(bias.headDim()).isEqualTo(24);
        assertThat(bias.tiedEmbedding()).isFalse();
        ModelConfig qwen2 = config("qwen2-qkv-bias/hf");
        assertThat(qwen2.attention().bias()).isEqualTo(Bias.QUERY_KEY_VALUE);
        assertThat(qwen2.headDim()).isEqualTo(16);
        assertThat(qwen2.rmsNormEpsilon()).isEqualTo(1e-6);
        assertThat(config("qwen3-qk-norm/hf").attention().norm())
                .isEqualTo(QueryKeyNorm.WEIGHTED_BEFORE_ROPE);
        assertThat(config("llama4-r1-like/hf").attention().norm())
                .isEqualTo(QueryKeyNorm.PLAIN_AFTER_ROPE);
        assertThat(config("llama-rope-linear/hf").rope().scaling())
                .isEqualTo(new RopeScaling.Linear(4));
        assertThat(config("llama-rope-llama3/hf").rope().scaling())
                .isEqualTo(new RopeScaling.Llama3(8, 1, 4, 64));
        assertThat(config("llama-rope-llama3/hf").rope().theta()).isEqualTo(500_000, within(0.0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain-96x4/safetensors", "llama-all-bias/hf"})
    void tellsWhatItIs(String layout) throws IOException {
        try (Checkpoint checkpoint = open(layout)) {
            assertThat(checkpoint.metadata()).containsKey("model_type").containsKey("vocab_size");
            assertThat(checkpoint.fileBytes()).isGreaterThan(100_000);
            assertThat(checkpoint.chatTemplate()).isEmpty();
            assertThat(checkpoint.generationDefaults().endOfGeneration()).containsExactly(2);
        }
    }

    private static ModelConfig config(String layout) throws IOException {
        try (Checkpoint checkpoint = open(layout)) {
            return checkpoint.config();
        }
    }

    private static Checkpoint open(String layout) throws IOException {
        return Checkpoint.open(Shared.path("fixtures/models/" + layout));
    }
}
