/// What is asked of a model, and where the questions come from: tasks that are worded as lm-evaluation-harness words
/// them, or as LLaMA's authors did. Nothing here knows how an answer is computed.
@NullMarked
package mobilellm.evaluation.task;

import org.jspecify.annotations.NullMarked;
