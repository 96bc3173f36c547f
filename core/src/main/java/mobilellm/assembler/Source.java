package mobilellm.assembler;

/// What an instruction reads: a register of kind `T`, or memory that holds as much.
///
/// @param <T> the kind of register that could stand here, so that operands of unequal width do not compile
public sealed interface Source<T> permits Register, Memory {}
