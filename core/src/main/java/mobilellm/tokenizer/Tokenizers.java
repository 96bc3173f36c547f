package mobilellm.tokenizer;

/// Makes tokenizers from vocabularies.
public final class Tokenizers {
    private Tokenizers() {}

    /// A byte-level BPE tokenizer (GPT-2 and its descendants).
    ///
    /// @throws mobilellm.tensor.MalformedFileException if the vocabulary contradicts itself
    @SuppressWarnings("DoNotCallSuggester")
    public static Tokenizer byteLevelBpe(BpeVocabulary vocabulary) {
        throw new UnsupportedOperationException("byte-level BPE with " + vocabulary.preTokenizer());
    }
}
