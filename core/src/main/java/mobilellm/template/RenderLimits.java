package mobilellm.template;

/// What one rendering may use before it is stopped with a [TemplateException].
///
/// @param steps evaluated nodes, plus one for every 16 characters and every list element that is read or made
/// @param depth nested statements, expressions, macro calls and values
/// @param characters length of the output, and of any single text on the way there, in UTF-16 units
public record RenderLimits(long steps, int depth, int characters) {
    /// Hundreds of times what a long conversation needs; exhausted in a second or two, and on a stack of 512 KiB.
    public static final RenderLimits DEFAULT = new RenderLimits(5_000_000, 400, 4 << 20);

    public RenderLimits {
        if (steps < 1 || depth < 1 || characters < 1) {
            throw new IllegalArgumentException(
                    "render limits must be positive, got steps %d, depth %d, characters %d"
                            .formatted(steps, depth, characters));
        }
    }
}
