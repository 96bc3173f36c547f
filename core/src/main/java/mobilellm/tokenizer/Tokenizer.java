package mobilellm.tokenizer;

import java.util.OptionalInt;
import java.util.Set;

/// Text to token ids and back. Implementations are safe for use by many threads at once.
///
/// An id is an index into the vocabulary, `0 .. vocabularySize() - 1`; methods that take an id throw
/// [IndexOutOfBoundsException] for any other.
public interface Tokenizer {

    int vocabularySize();

    /// The ids of `text`. Nothing is added at either end. An unpaired surrogate counts as U+FFFD; a byte for which
    /// the vocabulary has no token gives nothing.
    ///
    /// @param parseSpecial whether text that spells a special token (`<|im_end|>`) becomes that token, the longest at
    ///     each place. Pass false for whatever a user or a document wrote, or it can forge the borders of a
    ///     conversation.
    int[] encode(String text, boolean parseSpecial);

    /// The text of `ids`, without the space that [#encode] may have put in front of it. Malformed UTF-8 gives U+FFFD once per maximal subpart (Unicode 3.9, table 3-8).
    ///
    /// @param skipSpecial whether special tokens give nothing instead of their own text
    String decode(int[] ids, boolean skipSpecial);

    /// The text of one token alone, with U+FFFD for the bytes of an incomplete character.
    String piece(int id);

    /// Whether the token marks structure instead of spelling text: control and unknown tokens, and user-defined or added
    /// ones that are markup.
    boolean isSpecial(int id);

    /// The token with exactly this text in the vocabulary (`<|im_end|>`, `Ġthe`); of several, the last.
    OptionalInt idOf(String token);

    /// The token that begins a sequence, if the vocabulary names one.
    OptionalInt bos();

    /// The token that ends a sequence, if the vocabulary names one; one of [#endOfGeneration].
    OptionalInt eos();

    /// Whether the model expects [#bos] before every sequence.
    boolean addBos();

    /// Whether the model expects [#eos] after every sequence that is complete; a prompt is not.
    boolean addEos();

    /// The tokens after which a model has nothing more to say. Immutable.
    Set<Integer> endOfGeneration();

    /// A decoder for one stream of ids, which continue a text: a space at their beginning is kept.
    ///
    /// @param skipSpecial as in [#decode]
    StreamingDecoder streamingDecoder(boolean skipSpecial);
}
