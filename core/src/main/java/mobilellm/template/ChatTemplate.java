package mobilellm.template;

import org.jspecify.annotations.Nullable;

import java.time.Clock;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A chat template: Jinja text that comes with a model and writes a conversation as the model has seen it in training.
///
/// It means what it means to Transformers' `apply_chat_template`: Jinja2's sandbox with `trim_blocks` and
/// `lstrip_blocks`, `break` and `continue`, `{% generation %}`, `raise_exception`, `strftime_now`, and a `tojson` that
/// writes as Python does. What is not supported (template inheritance, includes, rare filters) is refused by [#parse].
///
/// Templates come from strangers, and conversations too. A template reads only the variables it is given; text in
/// them is never taken for a template; and time, depth and memory are limited ([RenderLimits]).
///
/// A template is immutable and can be rendered by several threads at once.
public final class ChatTemplate {
    private static final int MOST_CHARACTERS = 1 << 20;

    private final List<Statement> statements;

    private ChatTemplate(List<Statement> statements) {
        this.statements = statements;
    }

    /// Parses a template.
    ///
    /// @throws TemplateException if the text is no template, or uses what is not supported
    public static ChatTemplate parse(String source) {
        if (source.length() > MOST_CHARACTERS) {
            throw new TemplateException(
                    1,
                    "the template has %d characters; at most %d are accepted"
                            .formatted(source.length(), MOST_CHARACTERS));
        }
        return new ChatTemplate(Parser.parse(source));
    }

    /// Renders with the system's clock and the usual limits.
    ///
    /// @param variables what the template reads: usually `messages` (a list of maps with `role` and `content`),
    ///     `add_generation_prompt`, `bos_token`, `eos_token`, `tools`. Values are `null` (Python's `None`), booleans,
    ///     numbers, texts, lists and maps with text keys, as JSON has them. A variable that is not there is undefined.
    /// @throws TemplateException if the template fails, refuses the conversation, or exceeds a limit
    public String render(Map<String, ? extends @Nullable Object> variables) {
        return render(variables, Clock.system(ZoneId.systemDefault()), RenderLimits.DEFAULT).text();
    }

    /// Renders, and says where the assistant's own words are.
    ///
    /// @param variables as for [#render(Map)]
    /// @param clock what `strftime_now` reads
    /// @throws TemplateException if the template fails, refuses the conversation, or exceeds a limit
    public Rendering render(
            Map<String, ? extends @Nullable Object> variables, Clock clock, RenderLimits limits) {
        Map<String, Value> values = new HashMap<>(Globals.of(clock));
        variables.forEach((name, value) -> values.put(name, Value.of(value)));
        return Renderer.render(statements, values, limits);
    }
}
