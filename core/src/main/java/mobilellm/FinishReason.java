package mobilellm;

/// Why a generation ended.
public enum FinishReason {
    /// The model said that it is done, or a stop string came.
    STOP,
    /// As many tokens as were asked for.
    LENGTH,
    /// Someone called [Generation#cancel()].
    CANCELLED,
    /// No position of the context is left.
    CONTEXT
}
