package mobilellm.template;

import java.util.List;

/// A rendered conversation.
///
/// @param text the whole text
/// @param generationSpans where the `{% generation %}` blocks of the template's top level are: what the assistant
///     said, in order
public record Rendering(String text, List<Span> generationSpans) {
    /// A part of a text, as in `text.substring(start, end)`.
    public record Span(int start, int end) {}

    public Rendering {
        generationSpans = List.copyOf(generationSpans);
    }
}
