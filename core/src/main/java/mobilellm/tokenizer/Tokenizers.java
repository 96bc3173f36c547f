package mobilellm.tokenizer;

/// Makes tokenizers from vocabularies.
public final class Tokenizers {
    private Tokenizers() {}

    /// A byte-level BPE tokenizer (GPT-2 and its descendants).
    ///
    /// Equal tokens (the last one counts), empty tokens (nothing encodes to them) and a second merge of the same pair
    /// (the first one counts) occur in real files and are accepted.
    ///
    /// @throws mobilellm.tensor.MalformedFileException if the vocabulary contradicts itself, or cuts text into words by
    ///     a rule that is not known here; the message lists those that are
    public static Tokenizer byteLevelBpe(BpeVocabulary vocabulary) {
        return new ByteLevelBpe(vocabulary);
    }
}
