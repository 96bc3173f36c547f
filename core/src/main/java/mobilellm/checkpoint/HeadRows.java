package mobilellm.checkpoint;

import mobilellm.file.MappedFile;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The only place that undoes the row order of query and key matrices in llama GGUF files.
///
/// RoPE turns pairs of a head's dimensions. Hugging Face pairs `i` with `i + headDim / 2`; ggml's llama pairs `2i` with
/// `2i + 1`, and its converter reorders the rows of both matrices to suit. Within each head of the file, row `2i` is our
/// row `i`, and row `2i + 1` is our row `headDim / 2 + i`. Everything behind the checkpoint knows the first order only.
final class HeadRows {
    /// A cache line, and the width of the widest vector load.
    private static final long ALIGNMENT = 64;

    private HeadRows() {}

    /// A copy in half-split order. Rows of quantised matrices are whole blocks, so they move as they are.
    ///
    /// @param interleaved `[heads * headDim, columns]` in the order of the file
    static Tensor halfSplit(Tensor interleaved, int headDim, Arena arena) {
        MemorySegment source = interleaved.data();
        MemorySegment target = arena.allocate(source.byteSize(), ALIGNMENT);
        long rowBytes = interleaved.rowBytes();
        int half = headDim / 2;
        MappedFile.reading(
                "tensor " + interleaved.name(),
                () -> {
                    for (int head = 0; head < interleaved.rows(); head += headDim) {
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
