package mobilellm.assembler;

/// The registers of instructions that exist for 256 and 512 bits only.
public sealed interface Wide permits Ymm, Zmm {}
