package mobilellm.assembler;

/// A register of the processor.
///
/// @param <T> this kind of register itself
public sealed interface Register<T> extends Source<T> permits General, Vector, Mask {
    /// Its number in instructions: 0 to 7 for masks, to 15 for general registers, to 31 for vectors.
    int number();
}
