package mobilellm.model;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.LayerPlan;
import mobilellm.kernel.Activations;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.ThreadTeam;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/// All weights of a model, packed once for the kernels. The checkpoint they came from may be closed afterwards.
public final class Weights implements AutoCloseable {
    /// One stored block.
    ///
    /// @param attentionNorm `[1, hiddenSize]`
    /// @param query [heads * headDim, hiddenSize]
    /// @param key [keyValueHeads * headDim, hiddenSize]
    /// @param value [keyValueHeads * headDim, hiddenSize]
    /// @param attentionOutput [hiddenSize, heads * headDim]
    /// @param feedForwardNorm `[1, hiddenSize]`
    /// @param gate [intermediateSize, hiddenSize]
    /// @param up [intermediateSize, hiddenSize]
    /// @param down [hiddenSize, intermediateSize]
    record Block(
            Activations attentionNorm,
            PackedMatrix query,
            PackedMatrix key,
            PackedMatrix value,
            PackedMatrix attentionOutput,
            Activations feedForwardNorm,
            PackedMatrix gate,
            PackedMatrix up,
            PackedMatrix down) {
        long bytes() {
            long bytes = 0;
            for (var matrix : List.of(query, key, value, attentionOutput, gate, up, down)) {
                bytes += matrix.bytes();
            }
            return bytes;
        }
    }

    private final WeightArena arena;
    private final PackedMatrix embedding;
    private final List<Block> blocks;
    private final Activations finalNorm;
    private final PackedMatrix head;

    private Weights(
            WeightArena arena,
            PackedMatrix embedding,
            List<Block> blocks,
            Activations finalNorm,
            PackedMatrix head) {
        this.arena = arena;
        this.embedding = embedding;
        this.blocks = List.copyOf(blocks);
        this.finalNorm = finalNorm;
        this.head = head;
    }

    /// Packs the tensors of a checkpoint.
    ///
    /// @param team packs together
    /// @throws IllegalArgumentException if a tensor's type cannot be run
    public static Weights load(ModelTensors tensors, ThreadTeam team) {
        WeightArena arena = new WeightArena();
        try {
            var embedding = PackedMatrix.pack(tensors.embedding(), arena, team);
            List<Block> blocks = new ArrayList<>();
            for (BlockTensors block : tensors.blocks()) {
                blocks.add(
                        new Block(
                                norm(block.attentionNorm(), arena),
                                PackedMatrix.pack(block.query().weight(), arena, team),
                                PackedMatrix.pack(block.key().weight(), arena, team),
                                PackedMatrix.pack(block.value().weight(), arena, team),
                                PackedMatrix.pack(block.attentionOutput().weight(), arena, team),
                                norm(block.feedForwardNorm(), arena),
                                PackedMatrix.pack(block.gate().orElseThrow().weight(), arena, team),
                                PackedMatrix.pack(block.up().weight(), arena, team),
                                PackedMatrix.pack(block.down().weight(), arena, team)));
            }
            var head =
                    tensors.outputHead().isPresent()
                            ? PackedMatrix.pack(tensors.outputHead().get(), arena, team)
                            : embedding;
            return new Weights(arena, embedding, blocks, norm(tensors.finalNorm(), arena), head);
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    private static Activations norm(Tensor tensor, Arena arena) {
        float[] values = Dequantise.toFloat(tensor);
        var norm = new Activations(arena, 1, values.length);
        norm.write(0, 0, values, 0, values.length);
        return norm;
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

    /// Types that the matrices of one site of the blocks have.
    Set<DType> types(Function<Block, List<PackedMatrix>> site) {
        Set<DType> types = EnumSet.noneOf(DType.class);
        for (Block block : blocks) {
            for (PackedMatrix matrix : site.apply(block)) {
                types.add(matrix.type());
            }
        }
        return types;
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
