package mobilellm;

/// What an operation of the forward pass costs.
///
/// @param name such as `multiply`; `barriers` is waiting for other threads
/// @param decode share of the time of passes that make one token each, 0 to 1
/// @param prefill share of the time of passes that read a prompt, 0 to 1
public record OperationShare(String name, double decode, double prefill) {}
