package mobilellm.checkpoint;

import mobilellm.file.MappedFile;
import mobilellm.tensor.RowOrder;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The only place that knows another row order of query and key matrices, of their biases and of the norms of heads than ours.
///
/// RoPE turns pairs of a head's dimensions. Hugging Face pairs `i` with `i + headDim / 2`. Two others pair `2i` with `2i + 1`:
/// ggml's llama, whose converter reorders the rows of both matrices to suit, and Llama 4. Within each head of theirs, row
/// `2i` is our row `i`, and row `2i + 1` is our row `headDim / 2 + i`. Everything behind the checkpoint knows the first order only.
///
/// @param headDim rows of a head, an even number
record HeadRows(int headDim) implements RowOrder {
    /// A cache line, and the width of the widest vector load.
    private static final long ALIGNMENT = 64;

    @Override
    public int stored(int row) {
        int half = headDim / 2;
        int inHead = row % headDim;
        return row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
    }

    /// The way back, for files whose rows are to lie as theirs do: which of our rows is to be written as their row.
    RowOrder inverse() {
        return row -> {
            int inHead = row % headDim;
            return row - inHead + inHead % 2 * (headDim / 2) + inHead / 2;
        };
    }

    /// A copy whose rows (numbers, of a vector) are in order. Rows of quantised matrices are whole blocks, so they move as they are.
    ///
    /// @param stored `[heads * headDim, columns]` or `[heads * headDim]`
    static Tensor copy(Tensor stored, RowOrder order) {
        MemorySegment source = stored.data();
        MemorySegment target = Arena.ofAuto().allocate(source.byteSize(), ALIGNMENT);
        int rows = Math.toIntExact(stored.shape().dimension(0));
        long rowBytes = source.byteSize() / rows;
        MappedFile.reading(
                "tensor " + stored.name(),
                () -> {
                    for (int row = 0; row < rows; row++) {
                        long from = order.stored(row) * rowBytes;
                        MemorySegment.copy(source, from, target, row * rowBytes, rowBytes);
                    }
                });
        return new Tensor(stored.name(), stored.type(), stored.shape(), target);
    }
}
