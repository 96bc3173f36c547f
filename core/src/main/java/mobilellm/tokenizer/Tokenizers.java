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
        return ByteLevelBpe.of(vocabulary);
    }

    /// A SentencePiece tokenizer (Llama-2, MobileLLM) from the bytes of a `tokenizer.model`.
    ///
    /// @throws mobilellm.tensor.MalformedFileException if the bytes are not what the format promises
    /// @throws mobilellm.tensor.UnsupportedModelException if the file asks for something that is not known here; the message names it
    public static Tokenizer sentencePiece(byte[] tokenizerModel, TokenizerOptions options) {
        return SentencePiece.of(SentencePieceFile.read(tokenizerModel, options));
    }

    /// A SentencePiece tokenizer from a vocabulary that another file held.
    ///
    /// @throws mobilellm.tensor.MalformedFileException if the vocabulary contradicts itself
    public static Tokenizer sentencePiece(SentencePieceVocabulary vocabulary) {
        return SentencePiece.of(vocabulary);
    }

    /// The vocabulary of a `tokenizer.model`, to be written in another format; errors are those of
    /// [#sentencePiece(byte[], TokenizerOptions)].
    public static TokenizerVocabulary vocabularyOfModel(
            byte[] tokenizerModel, TokenizerOptions options) {
        return SentencePieceFile.read(tokenizerModel, options);
    }

    /// The vocabulary of a `tokenizer.json`, to be written in another format.
    ///
    /// @throws mobilellm.tensor.MalformedFileException if the bytes are not what the format promises
    /// @throws mobilellm.tensor.UnsupportedModelException if no other format can say what it does; the message names it
    public static TokenizerVocabulary vocabularyOfJson(
            byte[] tokenizerJson, TokenizerOptions options) {
        return JsonVocabulary.of(TokenizerJson.read(tokenizerJson), options);
    }

    /// A tokenizer from the bytes of a `tokenizer.json` (Hugging Face).
    ///
    /// @throws mobilellm.tensor.MalformedFileException if the bytes are not what the format promises
    /// @throws mobilellm.tensor.UnsupportedModelException if the file asks for something that is not known here; the message names it
    public static Tokenizer fromJson(byte[] tokenizerJson, TokenizerOptions options) {
        return JsonTokenizer.of(TokenizerJson.read(tokenizerJson), options);
    }
}
