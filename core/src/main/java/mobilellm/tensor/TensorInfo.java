package mobilellm.tensor;

/// What a tensor is, without its bytes.
///
/// @param name as in the file
/// @param type element type
/// @param shape outermost dimension first; the last one is contiguous
public record TensorInfo(String name, DType type, Shape shape) {
    /// @throws IllegalArgumentException if rows are not whole blocks of the type
    public TensorInfo {
        long columns = shape.rank() == 0 ? 1 : shape.dimension(shape.rank() - 1);
        if (columns % type.blockSize() != 0) {
            throw new IllegalArgumentException(
                    "tensor %s: rows of %d elements are not whole blocks of %d, as %s needs"
                            .formatted(name, columns, type.blockSize(), type));
        }
    }

    /// Bytes that it takes.
    ///
    /// @throws ArithmeticException if they do not fit in 64 bits
    public long bytes() {
        return type.bytes(shape.elements());
    }
}
