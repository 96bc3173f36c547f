package mobilellm.tokenizer;

import java.io.OutputStream;
import java.util.OptionalInt;

/// All that makes a tokenizer, in a form that any file can be written from.
public sealed interface TokenizerVocabulary permits BpeVocabulary, SentencePieceVocabulary {
    /// The token that begins a sequence.
    OptionalInt bos();

    /// The token that ends a sequence.
    OptionalInt eos();

    /// Whether the model expects [#bos] before every sequence.
    boolean addBos();

    /// Whether the model expects [#eos] after every sequence.
    boolean addEos();

    /// The tokenizer of this vocabulary.
    ///
    /// @throws mobilellm.tensor.MalformedFileException if the vocabulary contradicts itself
    Tokenizer tokenizer();

    /// Writes a `tokenizer.json`, which [Tokenizers#fromJson] and the Hugging Face library read. The end-of-sequence token
    /// is not in it: that format leaves it to `tokenizer_config.json`.
    ///
    /// @param target is not closed
    /// @throws mobilellm.tensor.UnsupportedModelException if the format has no form for it that gives the same ids
    void writeJson(OutputStream target);
}
