package mobilellm.evaluation.task;

import java.util.Map;

/// One entry of a data set.
///
/// @param place the file, the line and its own id, for messages
/// @param fields as they were read
public record Document(String place, Map<String, Object> fields, Question question) {}
