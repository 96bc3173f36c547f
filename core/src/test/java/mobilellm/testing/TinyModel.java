package mobilellm.testing;

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
import mobilellm.tokenizer.BpeVocabulary;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.Tokenizers;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;

/// A model of random weights that babbles printable ASCII: small enough for tests that ask how an answer is made rather
/// than what it says.
public final class TinyModel {
    /// The conversation format of ChatML.
    public static final String TEMPLATE =
            """
            {%- for message in messages %}
            {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
            {%- endfor %}
            {%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}\
            """;

    public static final int CONTEXT = 192;

    private static final List<String> SPECIAL =
            List.of("<|im_start|>", "<|im_end|>", "<|endoftext|>");
    private static final List<String> MERGES = List.of("t h", "th e", "Ġ the");

    private final Random random = new Random(7);

    private TinyModel() {}

    public static ModelConfig config() {
        return new ModelConfig(
                "llama",
                2,
                32,
                new Attention(2, 1, 16),
                new FeedForward(64),
                tokens().size(),
                CONTEXT,
                1e-5,
                new Rope(10_000),
                true,
                LayerSharing.NONE);
    }

    public static ModelTensors tensors() {
        TinyModel model = new TinyModel();
        ModelConfig config = config();
        List<BlockTensors> blocks = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            blocks.add(model.block(config));
        }
        return new ModelTensors(
                model.matrix(config.vocabularySize(), config.hiddenSize(), 1),
                blocks,
                model.ones(config.hiddenSize()),
                Optional.empty());
    }

    /// One token for each printable character and newline, the word "the", and ChatML's special tokens.
    public static Tokenizer tokenizer() {
        List<String> tokens = tokens();
        int[] types = new int[tokens.size()];
        for (int id = 0; id < types.length; id++) {
            types[id] = SPECIAL.contains(tokens.get(id)) ? 3 : 1;
        }
        int end = tokens.indexOf("<|im_end|>");
        return Tokenizers.byteLevelBpe(
                new BpeVocabulary(
                        tokens,
                        types,
                        MERGES,
                        "gpt-2",
                        OptionalInt.empty(),
                        OptionalInt.of(end),
                        false));
    }

    private static List<String> tokens() {
        List<String> tokens = new ArrayList<>(List.of("Ġ", "Ċ"));
        for (char character = '!'; character <= '~'; character++) {
            tokens.add(String.valueOf(character));
        }
        tokens.addAll(SPECIAL);
        MERGES.forEach(merge -> tokens.add(merge.replace(" ", "")));
        return Collections.unmodifiableList(tokens);
    }

    private BlockTensors block(ModelConfig config) {
        int hidden = config.hiddenSize();
        return new BlockTensors(
                ones(hidden),
                linear(config.queryWidth(), hidden),
                linear(config.keyValueWidth(), hidden),
                linear(config.keyValueWidth(), hidden),
                Optional.empty(),
                Optional.empty(),
                linear(hidden, config.queryWidth()),
                ones(hidden),
                Optional.of(linear(config.intermediateSize(), hidden)),
                linear(config.intermediateSize(), hidden),
                linear(hidden, config.intermediateSize()));
    }

    private Linear linear(int rows, int columns) {
        return new Linear(matrix(rows, columns, 3));
    }

    private Tensor matrix(int rows, int columns, double gain) {
        MemorySegment data = Arena.ofAuto().allocate(4L * rows * columns, 64);
        for (long i = 0; i < (long) rows * columns; i++) {
            float value = (float) (random.nextGaussian() * gain / Math.sqrt(columns));
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        return new Tensor("random", DType.F32, Shape.of(rows, columns), data);
    }

    private Tensor ones(int size) {
        MemorySegment data = Arena.ofAuto().allocate(4L * size, 64);
        for (int i = 0; i < size; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
        }
        return new Tensor("ones", DType.F32, Shape.of(size), data);
    }
}
