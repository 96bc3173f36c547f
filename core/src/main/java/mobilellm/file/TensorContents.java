package mobilellm.file;

import mobilellm.tensor.TensorInfo;

import java.io.IOException;

/// Supplies the bytes of tensors to a writer of tensor files, which asks for each tensor once, in the order of the file.
/// So no more than a piece of one tensor has to be in memory.
@FunctionalInterface
public interface TensorContents {
    /// Writes all bytes of a tensor, in as many pieces as is convenient.
    void write(TensorInfo tensor, ByteSink to) throws IOException;

    /// As [#write], held to the size of the tensor: the place of every later one depends on it.
    ///
    /// @throws IllegalStateException if more or fewer bytes came than the tensor has
    default void writeExactly(TensorInfo tensor, ByteSink to) throws IOException {
        long[] missing = {tensor.bytes()};
        write(
                tensor,
                piece -> {
                    missing[0] -= piece.byteSize();
                    requireNotNegative(tensor, missing[0]);
                    to.write(piece);
                });
        if (missing[0] != 0) {
            throw new IllegalStateException(
                    "tensor %s: %d of its %d bytes were not written"
                            .formatted(tensor.name(), missing[0], tensor.bytes()));
        }
    }

    private static void requireNotNegative(TensorInfo tensor, long missing) {
        if (missing < 0) {
            throw new IllegalStateException(
                    "tensor %s: at least %d bytes more were written than its %d"
                            .formatted(tensor.name(), -missing, tensor.bytes()));
        }
    }
}
