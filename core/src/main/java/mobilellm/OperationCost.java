package mobilellm;

/// What an operation of the forward pass costs, and what it does.
///
/// @param name such as `multiply`; `barriers` is waiting for other threads
/// @param decode in passes that make one token each
/// @param prefill in passes that read a prompt
public record OperationCost(String name, Work decode, Work prefill) {
    /// Times are those of the first thread; amounts are those of its share times the number of threads that share the work.
    ///
    /// @param share of the time of all operations, 0 to 1
    /// @param seconds of the measured passes
    /// @param modelBytes weights, keys and values that are read, each once
    /// @param activationBytes activations that are read and written, other than by products and attention
    /// @param int8Operations multiplications and additions of small integers
    /// @param floatOperations multiplications and additions of f32 in products and attention
    public record Work(
            double share,
            double seconds,
            double modelBytes,
            double activationBytes,
            double int8Operations,
            double floatOperations) {}
}
