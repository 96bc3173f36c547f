package mobilellm.judge;

import java.util.List;

/// What a model answers to a question.
///
/// @param id the question's
/// @param model who answers
/// @param turns one for each of the question's
public record ChatAnswer(String id, String model, List<String> turns) {}
