package mobilellm.assembler;

/// A general register, for addresses and counts.
///
/// @param <G> [R64] or [R32]
public sealed interface General<G extends General<G>> extends Register<G> permits R32, R64 {}
