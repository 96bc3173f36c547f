package mobilellm.checkpoint;

import mobilellm.config.LayerPlan;
import mobilellm.config.ModelConfig;
import mobilellm.file.ByteSink;
import mobilellm.file.MappedFile;
import mobilellm.file.TensorContents;
import mobilellm.quant.NonFinite;
import mobilellm.quant.Quantise;
import mobilellm.quant.Rounding;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.RowOrder;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.TensorInfo;
import mobilellm.tensor.UnsupportedModelException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The tensors of a target: which stored one each comes from, and what changes on the way. Bytes are made when they are
/// asked for.
final class TargetTensors implements TensorContents {
    /// Enough to make calls cheap, little enough to stay in the processor's cache.
    private static final int CHUNK_BYTES = 1 << 18;

    /// Chooses the type in which a tensor is written.
    interface Types {
        DType of(Tensor stored);
    }

    /// @param data as it lies in the source
    /// @param order in which its rows are written
    private record Part(Tensor data, RowOrder order, DType type) {}

    private final ModelSource source;
    private final TensorNames names;
    private final RowOrder ofHeads;
    private final boolean sameOrder;
    private final Types types;
    private final Conversion.Listener listener;
    private final Map<String, Part> parts = new LinkedHashMap<>();
    private long total;
    private long done;

    /// @param plan visits that become blocks of the target; each stored block once where nothing is written out
    /// @param names those of the target
    /// @param interleaved [ModelSource#pairsInterleaved] of the target
    TargetTensors(
            ModelSource source,
            LayerPlan plan,
            TensorNames names,
            boolean interleaved,
            Types types,
            Conversion.Listener listener) {
        ModelConfig config = source.config();
        this.source = source;
        this.names = names;
        this.ofHeads = interleaved ? new HeadRows(config.headDim()).inverse() : RowOrder.STORED;
        this.sameOrder = source.pairsInterleaved() == interleaved;
        this.types = types;
        this.listener = listener;
        ModelTensors tensors = new TensorReader(source, config).read();
        add(names.embeddingWeight(), tensors.embedding());
        for (int i = 0; i < plan.visits().size(); i++) {
            addBlock(names.blocks() + i + ".", tensors.blocks().get(plan.visits().get(i).block()));
        }
        add(names.finalNorm() + ".weight", tensors.finalNorm());
        tensors.outputHead().ifPresent(head -> add(names.outputHeadWeight(), head));
    }

    private void addBlock(String prefix, BlockTensors block) {
        add(prefix + names.attentionNorm() + ".weight", block.attentionNorm());
        addHeads(prefix + names.query(), block.query());
        addHeads(prefix + names.key(), block.key());
        add(prefix + names.value(), block.value());
        block.queryNorm()
                .ifPresent(norm -> add(prefix + names.queryNorm() + ".weight", norm, ofHeads));
        block.keyNorm().ifPresent(norm -> add(prefix + names.keyNorm() + ".weight", norm, ofHeads));
        add(prefix + names.attentionOutput(), block.attentionOutput());
        add(prefix + names.feedForwardNorm() + ".weight", block.feedForwardNorm());
        block.gate().ifPresent(gate -> add(prefix + names.gate(), gate));
        add(prefix + names.up(), block.up());
        add(prefix + names.down(), block.down());
    }

    private void add(String name, Linear linear) {
        add(name + ".weight", linear.stored());
        linear.bias().ifPresent(bias -> add(name + ".bias", bias));
    }

    /// Adds a layer whose rows are those of heads. Its matrix lies as in the source, its bias in our order.
    private void addHeads(String name, Linear linear) {
        RowOrder order = row -> linear.order().stored(ofHeads.stored(row));
        add(name + ".weight", linear.stored(), sameOrder ? RowOrder.STORED : order);
        linear.bias().ifPresent(bias -> add(name + ".bias", bias, ofHeads));
    }

    /// Adds a tensor that is written in the order that it has.
    void add(String name, Tensor data) {
        add(name, data, RowOrder.STORED);
    }

    private void add(String name, Tensor data, RowOrder order) {
        DType type = types.of(data);
        if (data.columns() % type.blockSize() != 0) {
            throw new UnsupportedModelException(
                    "%s: tensor '%s' has rows of %d numbers, which are no whole blocks of %d, as %s needs; choose a type with smaller blocks"
                            .formatted(
                                    source.name(),
                                    data.name(),
                                    data.columns(),
                                    type.blockSize(),
                                    type));
        }
        parts.put(name, new Part(data, order, type));
        total += new TensorInfo(name, type, data.shape()).bytes();
    }

    /// In the order in which they are written.
    List<TensorInfo> infos() {
        List<TensorInfo> infos = new ArrayList<>();
        parts.forEach(
                (name, part) -> infos.add(new TensorInfo(name, part.type(), part.data().shape())));
        return infos;
    }

    /// The type of most bytes.
    DType mainType() {
        Map<DType, Long> bytes = new EnumMap<>(DType.class);
        infos().forEach(info -> bytes.merge(info.type(), info.bytes(), Long::sum));
        return bytes.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(DType.F32);
    }

    @Override
    public void write(TensorInfo tensor, ByteSink to) throws IOException {
        Part part = parts.get(tensor.name());
        if (part == null) {
            throw new IllegalArgumentException("there is no tensor " + tensor.name());
        }
        requireFinite(part.data());
        if (part.order().equals(RowOrder.STORED)) {
            int step = (int) Math.max(1, CHUNK_BYTES / part.data().rowBytes());
            for (int row = 0; row < part.data().rows(); row += step) {
                int count = Math.min(step, part.data().rows() - row);
                to.write(converted(part.data(), row, count, part.type()));
            }
        } else {
            Tensor rows = asRows(part.data());
            for (int row = 0; row < rows.rows(); row++) {
                to.write(converted(rows, part.order().stored(row), 1, part.type()));
            }
        }
        MappedFile.release(part.data().data());
        done += tensor.bytes();
        listener.written(tensor.name(), done, total);
    }

    private void requireFinite(Tensor tensor) {
        try {
            NonFinite.requireNone(tensor);
        } catch (MalformedFileException e) {
            throw new MalformedFileException(source.name() + ": " + e.getMessage(), e);
        }
    }

    /// A vector as a matrix of one column: its numbers belong to rows.
    private static Tensor asRows(Tensor tensor) {
        return tensor.shape().rank() == 1
                ? new Tensor(
                        tensor.name(),
                        tensor.type(),
                        Shape.of(tensor.shape().elements(), 1),
                        tensor.data())
                : tensor;
    }

    private static MemorySegment converted(Tensor rows, int first, int count, DType type) {
        return MemorySegment.ofArray(
                Quantise.rows(rows, first, count, type, new Rounding.Reference()));
    }
}
