package mobilellm.torch;

import mobilellm.tensor.DType;

import java.util.Optional;

/// The run of memory that tensors are views of.
///
/// @param key name within the file
/// @param type of its elements; empty where they are bytes
/// @param count of elements
record Storage(String key, Optional<DType> type, long count) {
    /// @throws ArithmeticException if they do not fit in 64 bits
    long bytes() {
        return type.orElse(DType.U8).bytes(count);
    }
}
