package mobilellm.checkpoint;

import mobilellm.config.ModelConfig;
import mobilellm.file.Printable;
import mobilellm.gguf.GgufFile;
import mobilellm.quant.NonFinite;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// Finds the weights of a llama GGUF by name, and checks that every one is there, has the shape that the configuration
/// asks for and holds finite numbers, and that the file has no others: a tensor that nobody reads, such as a bias, means
/// that the model computes something else than we would.
final class TensorReader {
    static final String EMBEDDING = "token_embd.weight";
    static final String OUTPUT_HEAD = "output.weight";

    private final GgufFile file;
    private final ModelConfig config;
    private final Arena arena;
    private final Set<String> read = new HashSet<>();

    /// @param arena owner of the weights that are not used as they lie in the file
    TensorReader(GgufFile file, ModelConfig config, Arena arena) {
        this.file = file;
        this.config = config;
        this.arena = arena;
    }

    ModelTensors read() {
        int hidden = config.hiddenSize();
        Tensor embedding = take(EMBEDDING, config.vocabularySize(), hidden);
        List<BlockTensors> blocks = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            blocks.add(readBlock("blk." + i + "."));
        }
        Tensor finalNorm = take("output_norm.weight", hidden);
        Optional<Tensor> outputHead =
                config.tiedEmbedding()
                        ? Optional.empty()
                        : Optional.of(take(OUTPUT_HEAD, config.vocabularySize(), hidden));
        requireAllRead();
        return new ModelTensors(embedding, blocks, finalNorm, outputHead);
    }

    private BlockTensors readBlock(String prefix) {
        int hidden = config.hiddenSize();
        int queries = config.queryWidth();
        int keyValues = config.keyValueWidth();
        int intermediate = config.intermediateSize();
        return new BlockTensors(
                take(prefix + "attn_norm.weight", hidden),
                new Linear(takeRotated(prefix + "attn_q.weight", queries, hidden)),
                new Linear(takeRotated(prefix + "attn_k.weight", keyValues, hidden)),
                new Linear(take(prefix + "attn_v.weight", keyValues, hidden)),
                Optional.empty(),
                Optional.empty(),
                new Linear(take(prefix + "attn_output.weight", hidden, queries)),
                take(prefix + "ffn_norm.weight", hidden),
                Optional.of(new Linear(take(prefix + "ffn_gate.weight", intermediate, hidden))),
                new Linear(take(prefix + "ffn_up.weight", intermediate, hidden)),
                new Linear(take(prefix + "ffn_down.weight", hidden, intermediate)));
    }

    /// A matrix whose outputs RoPE rotates.
    private Tensor takeRotated(String name, int rows, int columns) {
        return HeadRows.halfSplit(take(name, rows, columns), config.headDim(), arena);
    }

    private Tensor take(String name, long... dimensions) {
        Tensor tensor =
                file.tensor(name)
                        .orElseThrow(
                                () ->
                                        new MalformedFileException(
                                                "%s: tensor '%s' is missing; the metadata promise %d blocks"
                                                        .formatted(
                                                                file.path(),
                                                                name,
                                                                config.layers())));
        Shape expected = Shape.of(dimensions);
        if (!tensor.shape().equals(expected)) {
            throw new MalformedFileException(
                    "%s: tensor '%s' has shape %s, but the metadata ask for %s"
                            .formatted(file.path(), name, tensor.shape(), expected));
        }
        if (tensor.type().isInteger()) {
            throw new UnsupportedModelException(
                    "%s: tensor '%s' holds whole numbers (%s); weights are floating-point numbers or quantised"
                            .formatted(file.path(), name, tensor.type()));
        }
        OptionalLong broken = NonFinite.firstBlock(tensor);
        if (broken.isPresent()) {
            throw new MalformedFileException(
                    "%s: tensor '%s' (%s) holds NaN or infinity in %s %d"
                            .formatted(
                                    file.path(),
                                    name,
                                    tensor.type(),
                                    tensor.type().isQuantised() ? "the scales of block" : "element",
                                    broken.getAsLong()));
        }
        read.add(name);
        return tensor;
    }

    private void requireAllRead() {
        for (Tensor tensor : file.tensors()) {
            if (!read.contains(tensor.name())) {
                throw new UnsupportedModelException(
                        "%s: tensor %s %s is not part of a %s model of %d blocks as this version knows it"
                                .formatted(
                                        file.path(),
                                        Printable.quote(tensor.name()),
                                        tensor.shape(),
                                        config.architecture(),
                                        config.layers()));
            }
        }
    }
}
