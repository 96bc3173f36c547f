/// Answers that another model judges: questions and answers in the files of MT-Bench (FastChat) and AlpacaEval, the
/// requests to any endpoint that speaks OpenAI's protocol, and what its verdicts say of a model. No judge is part of the
/// library.
@NullMarked
package mobilellm.judge;

import org.jspecify.annotations.NullMarked;
