package mobilellm.model;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.LayerPlan;
import mobilellm.config.Precision;
import mobilellm.kernel.Activations;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.Packing;
import mobilellm.kernel.ThreadTeam;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.RowOrder;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/// All weights of a model, packed once for the kernels. The checkpoint they came from may be closed afterwards.
public final class Weights implements AutoCloseable {
    /// One stored block.
    ///
    /// @param attentionNorm `[1, hiddenSize]`
    /// @param query to `heads * headDim` from `hiddenSize`
    /// @param key to `keyValueHeads * headDim` from `hiddenSize`
    /// @param value to `keyValueHeads * headDim` from `hiddenSize`
    /// @param queryNorm `[1, headDim]`, where queries and keys are normalised with a weight
    /// @param keyNorm `[1, headDim]`, as `queryNorm`
    /// @param attentionOutput to `hiddenSize` from `heads * headDim`
    /// @param feedForwardNorm `[1, hiddenSize]`
    /// @param gate to `intermediateSize` from `hiddenSize`, where there is one
    /// @param up to `intermediateSize` from `hiddenSize`
    /// @param down to `hiddenSize` from `intermediateSize`
    record Block(
            Activations attentionNorm,
            Projection query,
            Projection key,
            Projection value,
            Optional<Activations> queryNorm,
            Optional<Activations> keyNorm,
            Projection attentionOutput,
            Activations feedForwardNorm,
            Optional<Projection> gate,
            Projection up,
            Projection down) {
        static Block pack(BlockTensors block, Arena arena, Packing packing, Precision precision) {
            return new Block(
                    row(block.attentionNorm(), arena),
                    Projection.pack(block.query(), arena, packing, precision),
                    Projection.pack(block.key(), arena, packing, precision),
                    Projection.pack(block.value(), arena, packing, precision),
                    block.queryNorm().map(norm -> row(norm, arena)),
                    block.keyNorm().map(norm -> row(norm, arena)),
                    Projection.pack(block.attentionOutput(), arena, packing, precision),
                    row(block.feedForwardNorm(), arena),
                    block.gate().map(gate -> Projection.pack(gate, arena, packing, precision)),
                    Projection.pack(block.up(), arena, packing, precision),
                    Projection.pack(block.down(), arena, packing, precision));
        }

        /// The projections that read the feed-forward layer's input.
        List<Projection> inner() {
            return gate.isPresent() ? List.of(gate.get(), up) : List.of(up);
        }

        List<Projection> projections() {
            return Stream.of(
                            Stream.of(query, key, value, attentionOutput),
                            inner().stream(),
                            Stream.of(down))
                    .flatMap(Function.identity())
                    .toList();
        }

        long bytes() {
            return projections().stream()
                    .mapToLong(projection -> projection.matrix().bytes())
                    .sum();
        }
    }

    private final Precision precision;
    private final WeightArena arena;
    private final PackedMatrix embedding;
    private final List<Block> blocks;
    private final Activations finalNorm;
    private final PackedMatrix head;

    private Weights(
            Precision precision,
            WeightArena arena,
            PackedMatrix embedding,
            List<Block> blocks,
            Activations finalNorm,
            PackedMatrix head) {
        this.precision = precision;
        this.arena = arena;
        this.embedding = embedding;
        this.blocks = List.copyOf(blocks);
        this.finalNorm = finalNorm;
        this.head = head;
    }

    /// Packs the tensors of a checkpoint in the precision that they have.
    ///
    /// @see #load(ModelTensors, Precision, KernelProvider, ThreadTeam)
    public static Weights load(ModelTensors tensors, KernelProvider kernels, ThreadTeam team) {
        return load(tensors, Precision.NATIVE, kernels, team);
    }

    /// Packs the tensors of a checkpoint.
    ///
    /// @param precision in which to compute with them
    /// @param kernels whose packer is used
    /// @param team packs together
    /// @throws IllegalArgumentException if a tensor's type cannot be run
    /// @throws MalformedFileException if a tensor holds infinities or NaN, or the file behind it became shorter since it was
    ///     opened; the message names the tensor and no file
    public static Weights load(
            ModelTensors tensors, Precision precision, KernelProvider kernels, ThreadTeam team) {
        WeightArena arena = new WeightArena(kernels);
        Packing packing = new Packing(arena, kernels::packer);
        try {
            var embedding = vocabulary(tensors.embedding(), packing, precision);
            List<Block> blocks = new ArrayList<>();
            for (BlockTensors block : tensors.blocks()) {
                blocks.add(Block.pack(block, arena, packing, precision));
            }
            var head =
                    tensors.outputHead().isPresent()
                            ? vocabulary(tensors.outputHead().get(), packing, precision)
                            : embedding;
            var finalNorm = row(tensors.finalNorm(), arena);
            packing.run(team);
            return new Weights(precision, arena, embedding, blocks, finalNorm, head);
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    private static PackedMatrix vocabulary(Tensor tensor, Packing packing, Precision precision) {
        PackedForm form = PackedForm.ofVocabulary(tensor.type(), precision);
        return packing.add(tensor, RowOrder.STORED, form);
    }

    /// A vector of a checkpoint as one row.
    static Activations row(Tensor tensor, Arena arena) {
        float[] values = Dequantise.toFloat(tensor);
        var row = new Activations(arena, 1, values.length);
        row.write(0, 0, values, 0, values.length);
        return row;
    }

    /// In which they compute.
    public Precision precision() {
        return precision;
    }

    /// [vocabularySize, hiddenSize]
    PackedMatrix embedding() {
        return embedding;
    }

    List<Block> blocks() {
        return blocks;
    }

    /// `[1, hiddenSize]`
    Activations finalNorm() {
        return finalNorm;
    }

    /// [vocabularySize, hiddenSize]; the embedding where it is tied
    PackedMatrix head() {
        return head;
    }

    /// All matrices that activations are multiplied with, in the order of [ModelTensors#matrices].
    public List<PackedMatrix> matrices() {
        List<PackedMatrix> matrices = new ArrayList<>();
        for (Block block : blocks) {
            block.projections().forEach(projection -> matrices.add(projection.matrix()));
        }
        matrices.add(head);
        return matrices;
    }

    /// Forms that the matrices of one site of the blocks have.
    Set<PackedForm> forms(Function<Block, List<Projection>> site) {
        Set<PackedForm> forms = EnumSet.noneOf(PackedForm.class);
        for (Block block : blocks) {
            for (Projection projection : site.apply(block)) {
                forms.add(projection.matrix().form());
            }
        }
        return forms;
    }

    /// Adds everything that was packed to a digest.
    void digest(MessageDigest target) {
        arena.digest(target);
    }

    /// Bytes of all packed matrices.
    public long bytes() {
        long bytes = embedding.bytes() + (head == embedding ? 0 : head.bytes());
        for (Block block : blocks) {
            bytes += block.bytes();
        }
        return bytes;
    }

    /// Bytes of weights that computing one token's logits reads, a shared block once for each visit.
    public long bytesPerToken(LayerPlan plan) {
        long bytes = head.bytes();
        for (var visit : plan.visits()) {
            bytes += blocks.get(visit.block()).bytes();
        }
        return bytes;
    }

    @Override
    public void close() {
        arena.close();
    }
}
