package mobilellm.tensor;

import java.lang.foreign.MemorySegment;

/// A named, typed, read-only view of memory, usually of a mapped file. Little-endian; the last dimension
/// is contiguous.
///
/// @param name as in the file, for messages
/// @param type element type
/// @param shape outermost dimension first
/// @param data exactly the tensor's bytes
public record Tensor(String name, DType type, Shape shape, MemorySegment data) {
    public Tensor {
        long expected = type.bytes(shape.elements());
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException(
                    "tensor %s: %s %s takes %d bytes, got %d"
                            .formatted(name, type, shape, expected, data.byteSize()));
        }
        data = data.asReadOnly();
    }

    public TensorInfo info() {
        return new TensorInfo(name, type, shape);
    }

    /// Rows of a matrix; 1 for a vector.
    public int rows() {
        return shape.rank() < 2 ? 1 : Math.toIntExact(shape.elements() / columns());
    }

    /// Length of the contiguous last dimension.
    public int columns() {
        return Math.toIntExact(shape.dimension(shape.rank() - 1));
    }

    /// Bytes of one row.
    public long rowBytes() {
        return type.bytes(columns());
    }
}
