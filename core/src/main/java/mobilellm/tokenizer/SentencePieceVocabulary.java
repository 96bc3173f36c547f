package mobilellm.tokenizer;

import java.io.OutputStream;
import java.util.List;
import java.util.OptionalInt;

/// A SentencePiece vocabulary, whatever file it comes from. [Tokenizers#sentencePiece] checks it.
///
/// @param pieces text by id, `▁` (U+2581) for a space; byte pieces `<0x00>` to `<0xFF>`
/// @param scores by id; for BPE the greater is merged first, for unigram the logarithm of its probability
/// @param types by id, SentencePiece's and GGUF's numbers: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte
/// @param algorithm how text is cut into pieces
/// @param normalisation what happens to the text before
/// @param bos begins a sequence
/// @param eos ends a sequence
/// @param addBos whether the model expects `bos` before every sequence
/// @param addEos whether the model expects `eos` after every sequence
/// @param legacy see [TokenizerOptions#legacy]
@SuppressWarnings("ArrayRecordComponent") // copied once on the way in; nobody compares vocabularies
public record SentencePieceVocabulary(
        List<String> pieces,
        float[] scores,
        int[] types,
        Algorithm algorithm,
        Normalisation normalisation,
        OptionalInt bos,
        OptionalInt eos,
        boolean addBos,
        boolean addEos,
        boolean legacy)
        implements TokenizerVocabulary {

    /// How text is cut into pieces.
    public enum Algorithm {
        /// Neighbours are merged, the best score first (Sennrich et al. 2016).
        BPE,
        /// The most probable sequence of pieces (Kudo 2018).
        UNIGRAM
    }

    /// SentencePiece's `NormalizerSpec`.
    ///
    /// @param charsmap `precompiled_charsmap`: replacements of characters; empty for none
    /// @param addDummyPrefix whether a text gets a space in front
    /// @param removeExtraWhitespaces whether spaces at the ends go, and of several in a row all but one
    /// @param escapeWhitespaces whether spaces become `▁`
    /// @param whitespaceAsSuffix whether the space of `addDummyPrefix` goes behind the text instead
    @SuppressWarnings("ArrayRecordComponent") // as above
    public record Normalisation(
            byte[] charsmap,
            boolean addDummyPrefix,
            boolean removeExtraWhitespaces,
            boolean escapeWhitespaces,
            boolean whitespaceAsSuffix) {
        public Normalisation {
            charsmap = charsmap.clone();
        }
    }

    public SentencePieceVocabulary {
        pieces = List.copyOf(pieces);
        scores = scores.clone();
        types = types.clone();
    }

    @Override
    public Tokenizer tokenizer() {
        return Tokenizers.sentencePiece(this);
    }

    /// Whether [#writeJson] has a form for it that gives the same ids; `tokenizer.model` ([#toModel]) has one for all.
    public boolean hasJson() {
        return algorithm == Algorithm.BPE
                && normalisation.charsmap().length == 0
                && !normalisation.removeExtraWhitespaces()
                && normalisation.escapeWhitespaces()
                && !normalisation.whitespaceAsSuffix()
                && !addEos
                && legacy;
    }

    /// A `tokenizer.model`, which [Tokenizers#sentencePiece(byte[], TokenizerOptions)] and SentencePiece read. What [#addBos],
    /// [#addEos] and [#legacy] say is not in it: it belongs to `tokenizer_config.json`.
    public byte[] toModel() {
        return SentencePieceFileWriter.write(this);
    }

    @Override
    public void writeJson(OutputStream target) {
        TokenizerJsonWriter.write(this, target);
    }
}
