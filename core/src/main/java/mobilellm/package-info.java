/// The front door: load a model, continue a text, hold a conversation.
///
/// [mobilellm.MobileLlm#load] gives a model; [mobilellm.MobileLlm#generate] continues a text;
/// [mobilellm.MobileLlm#chat] starts a conversation. Both answer with a [mobilellm.Generation], which yields text while
/// it is being made.
@NullMarked
package mobilellm;

import org.jspecify.annotations.NullMarked;
