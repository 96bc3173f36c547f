package mobilellm.checkpoint;

import mobilellm.file.MappedFile;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The only place that changes the row order of query and key matrices, of their biases and of the norms of heads.
///
/// RoPE turns pairs of a head's dimensions. Hugging Face pairs `i` with `i + headDim / 2`. Two others pair `2i` with `2i + 1`:
/// ggml's llama, whose converter reorders the rows of both matrices to suit, and Llama 4. Within each head of theirs, row
/// `2i` is our row `i`, and row `2i + 1` is our row `headDim / 2 + i`. Everything behind the checkpoint knows the first order only.
final class HeadRows {
    /// A cache line, and the width of the widest vector load.
    private static final long ALIGNMENT = 64;

    private HeadRows() {}

    /// A copy in half-split order. Rows of quantised matrices are whole blocks, so they move as they are.
    ///
    /// @param interleaved `[heads * headDim, columns]` or `[heads * headDim]` in the order of the file
    static Tensor halfSplit(Tensor interleaved, int headDim, Arena arena) {
        MemorySegment source = interleaved.data();
        MemorySegment target = arena.allocate(source.byteSize(), ALIGNMENT);
        long rows = interleaved.shape().dimension(0);
        long rowBytes = source.byteSize() / rows;
        int half = headDim / 2;
        MappedFile.reading(
                "tensor " + interleaved.name(),
                () -> {
                    for (long head = 0; head < rows; head += headDim) {
                        for (int row = 0; row < headDim; row++) {
                            int to = row % 2 == 0 ? row / 2 : half + row / 2;
                            MemorySegment.copy(
                                    source,
                                    (head + row) * rowBytes,
                                    target,
                                    (head + to) * rowBytes,
                                    rowBytes);
                        }
                    }
                });
        MappedFile.release(source);
        return new Tensor(interleaved.name(), interleaved.type(), interleaved.shape(), target);
    }
}
