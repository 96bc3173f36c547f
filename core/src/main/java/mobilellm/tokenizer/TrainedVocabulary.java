package mobilellm.tokenizer;

import java.io.OutputStream;

/// A vocabulary that was learnt, as the neutral record from which tokenizers are made and files are written.
public sealed interface TrainedVocabulary {
    /// How many tokens fewer there are than were asked for: the text has no more pairs that occur often enough.
    int missing();

    /// The tokenizer of this vocabulary.
    Tokenizer tokenizer();

    /// Writes a `tokenizer.json`, which [Tokenizers#fromJson] and the Hugging Face library read. The end-of-sequence token
    /// is not in it: that format leaves it to `tokenizer_config.json`.
    ///
    /// @param target is not closed
    void writeJson(OutputStream target);

    /// A byte-level vocabulary.
    record ByteLevel(BpeVocabulary vocabulary, int missing) implements TrainedVocabulary {
        @Override
        public Tokenizer tokenizer() {
            return vocabulary.tokenizer();
        }

        @Override
        public void writeJson(OutputStream target) {
            vocabulary.writeJson(target);
        }
    }

    /// A vocabulary of pieces, with bytes for what has none.
    record SentencePiece(SentencePieceVocabulary vocabulary, int missing)
            implements TrainedVocabulary {
        @Override
        public Tokenizer tokenizer() {
            return vocabulary.tokenizer();
        }

        @Override
        public void writeJson(OutputStream target) {
            vocabulary.writeJson(target);
        }
    }
}
