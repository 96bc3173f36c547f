package mobilellm.evaluation.task;

/// A text whose likelihood is asked, and what stands before it.
///
/// @param continuation begins with the blank that parts it from the context
public record Pair(String context, String continuation) {}
