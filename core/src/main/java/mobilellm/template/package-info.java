/// Chat templates: the subset of Jinja that turns a conversation into the text a model was trained on.
///
/// [ChatTemplate] is the way in. A template runs in a sandbox: it sees only the variables it is given, changes none
/// of them, and stops with a [TemplateException] when it exceeds its [RenderLimits].
@NullMarked
package mobilellm.template;

import org.jspecify.annotations.NullMarked;
