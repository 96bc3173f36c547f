package mobilellm.checkpoint;

import mobilellm.gguf.GgufArray;
import mobilellm.gguf.GgufValue;
import mobilellm.gguf.ValueType;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.tokenizer.BpeVocabulary;
import mobilellm.tokenizer.SentencePieceVocabulary;
import mobilellm.tokenizer.SentencePieceVocabulary.Algorithm;
import mobilellm.tokenizer.TokenizerVocabulary;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Writes a vocabulary into the metadata of a GGUF file, under the keys that [GgufTokenizerReader] reads.
///
/// @param metadata takes the keys
/// @param rows of the embedding, which every list must have as many elements as
/// @param file where the vocabulary is from, for messages
record GgufVocabulary(GgufMetadata metadata, int rows, String file) {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final int UNKNOWN = 2;
    private static final int UNUSED = 5;

    /// What llama.cpp's converter gives to rows of the embedding that no token has.
    private static final float UNUSED_SCORE = -1000;

    void write(TokenizerVocabulary vocabulary) {
        switch (vocabulary) {
            case BpeVocabulary bpe -> {
                metadata.text(PREFIX + "model", "gpt2");
                metadata.text(PREFIX + "pre", bpe.preTokenizer());
                tokens(bpe.tokens(), bpe.tokenTypes());
                array("merges", GgufArray.texts(bpe.merges()));
                if (bpe.ignoreMerges()
                        != BpeVocabulary.ignoresMergesByDefault(bpe.preTokenizer())) {
                    metadata.put(
                            GgufTokenizerReader.IGNORE_MERGES, GgufValue.flag(bpe.ignoreMerges()));
                }
            }
            case SentencePieceVocabulary pieces -> {
                requirePlain(pieces);
                boolean bpe = pieces.algorithm() == Algorithm.BPE;
                metadata.text(PREFIX + "model", bpe ? "llama" : GgufTokenizerReader.UNIGRAM);
                metadata.text(PREFIX + "pre", "default");
                tokens(pieces.pieces(), pieces.types());
                float[] scores = Arrays.copyOf(pieces.scores(), rows);
                Arrays.fill(scores, pieces.scores().length, rows, UNUSED_SCORE);
                array("scores", GgufArray.floats(scores));
                normalisation(pieces.normalisation());
                int unknown = indexOf(pieces.types(), UNKNOWN);
                if (unknown >= 0) {
                    metadata.size(PREFIX + "unknown_token_id", unknown);
                }
            }
        }
        vocabulary.bos().ifPresent(id -> metadata.size(PREFIX + "bos_token_id", id));
        vocabulary.eos().ifPresent(id -> metadata.size(PREFIX + "eos_token_id", id));
        flag("add_bos_token", vocabulary.addBos());
        flag("add_eos_token", vocabulary.addEos());
    }

    /// Says that the file has none.
    void writeNone() {
        metadata.text(PREFIX + "model", GgufTokenizerReader.NONE);
    }

    private void requirePlain(SentencePieceVocabulary vocabulary) {
        if (vocabulary.normalisation().whitespaceAsSuffix()
                || !vocabulary.normalisation().escapeWhitespaces()) {
            throw new UnsupportedModelException(
                    "%s: the SentencePiece model puts spaces behind words or does not write them as ▁, which GGUF files cannot say"
                            .formatted(file));
        }
    }

    private void tokens(List<String> tokens, int[] types) {
        if (tokens.size() > rows) {
            throw new UnsupportedModelException(
                    "%s: the tokenizer has %d tokens, but the embedding only %d rows; a GGUF file needs one for each"
                            .formatted(file, tokens.size(), rows));
        }
        List<String> all = new ArrayList<>(tokens);
        for (int id = tokens.size(); id < rows; id++) {
            all.add("[PAD%d]".formatted(id));
        }
        int[] allTypes = Arrays.copyOf(types, rows);
        Arrays.fill(allTypes, types.length, rows, UNUSED);
        array("tokens", GgufArray.texts(all));
        array("token_type", GgufArray.integers(allTypes));
    }

    private void normalisation(SentencePieceVocabulary.Normalisation normalisation) {
        flag("add_space_prefix", normalisation.addDummyPrefix());
        if (normalisation.removeExtraWhitespaces()) {
            flag("remove_extra_whitespaces", true);
        }
        byte[] charsmap = normalisation.charsmap();
        if (charsmap.length > 0) {
            List<Object> bytes = new ArrayList<>(charsmap.length);
            for (byte each : charsmap) {
                bytes.add((short) Byte.toUnsignedInt(each));
            }
            array("precompiled_charsmap", GgufArray.of(ValueType.UINT8, bytes));
        }
    }

    private static int indexOf(int[] types, int type) {
        for (int id = 0; id < types.length; id++) {
            if (types[id] == type) {
                return id;
            }
        }
        return -1;
    }

    private void flag(String key, boolean value) {
        metadata.put(PREFIX + key, GgufValue.flag(value));
    }

    private void array(String key, GgufArray value) {
        metadata.put(PREFIX + key, GgufValue.array(value));
    }
}
