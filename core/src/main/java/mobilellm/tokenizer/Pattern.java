package mobilellm.tokenizer;

import java.util.List;

/// A regular expression of those that tokenizers use, as a tree.
sealed interface Pattern {

    /// One character.
    record One(CharacterSet set) implements Pattern {}

    record Sequence(List<Pattern> parts) implements Pattern {}

    /// The first alternative that leads to a match.
    record Choice(List<Pattern> alternatives) implements Pattern {}

    /// Some number of times.
    ///
    /// @param most -1 for any number
    /// @param greedy whether more are tried before fewer
    record Repeat(Pattern part, int least, int most, boolean greedy) implements Pattern {}

    /// Nothing, where the next character is one of `set`, or where the text ends if `atEnd`.
    record Ahead(CharacterSet set, boolean atEnd) implements Pattern {}
}
