package mobilellm.checkpoint;

import mobilellm.config.Attention;
import mobilellm.config.FeedForward;
import mobilellm.config.ModelConfig;
import mobilellm.file.Printable;
import mobilellm.quant.NonFinite;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.RowOrder;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Finds the weights by name, and checks that every one is there, has the shape that the configuration asks for, that
/// vectors hold finite numbers, and that there are no other tensors: a tensor that nobody reads, such as a bias, means that the model computes
/// something else than we would.
final class TensorReader {
    private final String file;
    private final Map<String, Tensor> stored;
    private final TensorNames names;
    private final ModelConfig config;
    private final RowOrder rotated;
    private final Set<String> read = new HashSet<>();

    /// @param source whose tensors are read
    TensorReader(ModelSource source, ModelConfig config) {
        this.file = source.name();
        this.stored = source.weights();
        this.names = source.names();
        this.config = config;
        this.rotated = source.pairsInterleaved() ? new HeadRows(config.headDim()) : RowOrder.STORED;
    }

    ModelTensors read() {
        int hidden = config.hiddenSize();
        Tensor embedding = take(names.embeddingWeight(), config.vocabularySize(), hidden);
        List<BlockTensors> blocks = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            blocks.add(readBlock(names.blocks() + i + "."));
        }
        Tensor finalNorm = norm(names.finalNorm(), hidden);
        Optional<Tensor> outputHead =
                config.tiedEmbedding()
                        ? Optional.empty()
                        : Optional.of(
                                take(names.outputHeadWeight(), config.vocabularySize(), hidden));
        requireAllRead();
        return new ModelTensors(embedding, blocks, finalNorm, outputHead);
    }

    private BlockTensors readBlock(String prefix) {
        int hidden = config.hiddenSize();
        int queries = config.queryWidth();
        int keyValues = config.keyValueWidth();
        int intermediate = config.intermediateSize();
        Attention attention = config.attention();
        boolean bias = attention.bias() != Attention.Bias.NONE;
        boolean outputBias = attention.bias() == Attention.Bias.ALL;
        FeedForward feedForward = config.feedForward();
        return new BlockTensors(
                norm(prefix + names.attentionNorm(), hidden),
                linear(prefix + names.query(), queries, hidden, bias, rotated),
                linear(prefix + names.key(), keyValues, hidden, bias, rotated),
                linear(prefix + names.value(), keyValues, hidden, bias),
                headNorm(prefix + names.queryNorm()),
                headNorm(prefix + names.keyNorm()),
                linear(prefix + names.attentionOutput(), hidden, queries, outputBias),
                norm(prefix + names.feedForwardNorm(), hidden),
                feedForward.gated()
                        ? Optional.of(
                                linear(
                                        prefix + names.gate(),
                                        intermediate,
                                        hidden,
                                        feedForward.bias()))
                        : Optional.empty(),
                linear(prefix + names.up(), intermediate, hidden, feedForward.bias()),
                linear(prefix + names.down(), hidden, intermediate, feedForward.bias()));
    }

    private Linear linear(String name, int rows, int columns, boolean bias) {
        return linear(name, rows, columns, bias, RowOrder.STORED);
    }

    private Linear linear(String name, int rows, int columns, boolean bias, RowOrder order) {
        return new Linear(
                take(name + ".weight", rows, columns),
                order,
                bias
                        ? Optional.of(HeadRows.copy(vector(name + ".bias", rows), order))
                        : Optional.empty());
    }

    private Tensor norm(String name, int size) {
        return vector(name + ".weight", size);
    }

    private Tensor vector(String name, int size) {
        Tensor vector = take(name, size);
        try {
            NonFinite.requireNone(vector);
        } catch (MalformedFileException e) {
            throw new MalformedFileException(file + ": " + e.getMessage(), e);
        }
        return vector;
    }

    /// Normalises a head before its rows are rotated, so its numbers are in the order of those rows.
    private Optional<Tensor> headNorm(String name) {
        return config.attention().norm() == Attention.QueryKeyNorm.WEIGHTED_BEFORE_ROPE
                ? Optional.of(HeadRows.copy(norm(name, config.headDim()), rotated))
                : Optional.empty();
    }

    private Tensor take(String name, long... dimensions) {
        Tensor tensor = Optional.ofNullable(stored.get(name)).orElseThrow(() -> missing(name));
        Shape expected = Shape.of(dimensions);
        if (!tensor.shape().equals(expected)) {
            throw new MalformedFileException(
                    "%s: tensor '%s' has shape %s, but the configuration asks for %s"
                            .formatted(file, name, tensor.shape(), expected));
        }
        if (tensor.type().isInteger()) {
            throw new UnsupportedModelException(
                    "%s: tensor '%s' holds whole numbers (%s); weights are floating-point numbers or quantised"
                            .formatted(file, name, tensor.type()));
        }
        read.add(name);
        return tensor;
    }

    private MalformedFileException missing(String name) {
        String hint =
                name.equals(names.outputHeadWeight())
                        ? "the configuration says that the output head is not the embedding; if it"
                                + " is, say so there (share_embedding or tie_word_embeddings)"
                        : "the configuration promises %d blocks".formatted(config.layers());
        return new MalformedFileException(
                "%s: tensor '%s' is missing; %s".formatted(file, name, hint));
    }

    private void requireAllRead() {
        for (Tensor tensor : stored.values()) {
            if (!read.contains(tensor.name())) {
                throw new UnsupportedModelException(
                        "%s: tensor %s %s is not part of a %s model of %d blocks as this version knows it"
                                .formatted(
                                        file,
                                        Printable.quote(tensor.name()),
                                        tensor.shape(),
                                        config.architecture(),
                                        config.layers()));
            }
        }
    }
}
