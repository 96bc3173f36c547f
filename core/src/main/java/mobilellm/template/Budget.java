package mobilellm.template;

/// What is left of the [RenderLimits] of one rendering. Whatever can take time or memory asks here first.
final class Budget {
    private static final int CHARACTERS_PER_STEP = 16;
    private static final int COMPARISONS_PER_STEP = 64;

    private final RenderLimits limits;
    private long stepsLeft;
    private int depth;

    Budget(RenderLimits limits) {
        this.limits = limits;
        this.stepsLeft = limits.steps();
    }

    void spend(long steps) {
        if (steps > stepsLeft) {
            throw new EvaluationException(
                    "rendering takes more than "
                            + limits.steps()
                            + " steps; does a loop run too often?");
        }
        stepsLeft -= steps;
    }

    void spendOnCharacters(long characters) {
        spend(characters / CHARACTERS_PER_STEP);
    }

    /// For work in proportion to the size of a value, as most filters and methods do.
    void spendOn(Value value) {
        switch (value) {
            case Value.Text text -> spendOnCharacters(text.value().length());
            case Value.Array array -> spend(array.items().size());
            case Value.Tuple tuple -> spend(tuple.items().size());
            case Value.Dict dict -> spend(dict.entries().size());
            case Value.Listing listing -> spend(listing.items().size());
            default -> {}
        }
    }

    /// For a search of `part` in `whole`, which may compare each character of one with each of the other.
    void spendOnSearch(String whole, String part) {
        spend((long) whole.length() * part.length() / COMPARISONS_PER_STEP);
    }

    /// Goes one level deeper; paired with [#leave] unless an exception ends the rendering.
    void enter() {
        spend(1);
        depth++;
        if (depth > limits.depth()) {
            throw new EvaluationException(
                    "nested more than "
                            + limits.depth()
                            + " levels deep; does a macro call itself without end?");
        }
    }

    void leave() {
        depth--;
    }

    /// Called before a text of this length is made.
    void requireLength(long characters) {
        if (characters > limits.characters()) {
            throw new EvaluationException(
                    "a text of more than " + limits.characters() + " characters");
        }
    }

    /// Called before a list of this size is made.
    void requireSize(long items) {
        spend(items);
    }
}
