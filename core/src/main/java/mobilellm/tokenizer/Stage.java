package mobilellm.tokenizer;

/// A step on the way from text to words: takes a stretch of text and hands on none, one or many, changed or not.
/// Stretches are ranges of well-formed UTF-8.
@FunctionalInterface
interface Stage {
    /// Takes one stretch.
    ///
    /// @param first whether the stretch begins the text
    /// @param next is not called with an empty stretch
    void apply(byte[] utf8, int from, int to, boolean first, Sink next);

    /// Where stretches go.
    @FunctionalInterface
    interface Sink {
        void accept(byte[] utf8, int from, int to, boolean first);
    }

    /// Changes nothing.
    static Stage none() {
        return (utf8, from, to, first, next) -> next.accept(utf8, from, to, first);
    }

    /// This step and then another.
    default Stage then(Stage after) {
        return (utf8, from, to, first, next) ->
                apply(
                        utf8,
                        from,
                        to,
                        first,
                        (part, begin, end, isFirst) ->
                                after.apply(part, begin, end, isFirst, next));
    }
}
