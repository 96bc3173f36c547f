package mobilellm.assembler;

/// The registers of instructions that exist for 128 and 256 bits only.
public sealed interface Narrow permits Xmm, Ymm {}
