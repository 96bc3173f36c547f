package mobilellm.checkpoint;

import mobilellm.file.Printable;
import mobilellm.gguf.GgufArray;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tokenizer.BpeVocabulary;
import mobilellm.tokenizer.SentencePieceVocabulary;
import mobilellm.tokenizer.SentencePieceVocabulary.Algorithm;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerVocabulary;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Reads the vocabulary of a GGUF file.
final class GgufTokenizerReader {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final String MODEL = PREFIX + "model";

    /// llama.cpp's word for a model without a tokenizer.
    static final String NONE = "none";

    /// llama.cpp's word for SentencePiece's unigram models, whatever model they belong to.
    static final String UNIGRAM = "t5";

    private static final String PRE = PREFIX + "pre";

    /// A key of ours, for what GGUF has none: written where the pre-tokenizer's name says otherwise.
    static final String IGNORE_MERGES = "tokenizer.mobilellm.ignore_merges";

    private final Keys keys;

    GgufTokenizerReader(Keys keys) {
        this.keys = keys;
    }

    /// What the tokenizer is made of; empty where the file has none.
    Optional<TokenizerVocabulary> vocabulary() {
        String model = keys.optionalString(MODEL).orElse(NONE);
        return switch (model) {
            case "gpt2" -> Optional.of(byteLevelBpe());
            case "llama" -> Optional.of(sentencePiece(Algorithm.BPE));
            case UNIGRAM -> Optional.of(sentencePiece(Algorithm.UNIGRAM));
            case NONE, "no_vocab" -> Optional.empty();
            default ->
                    throw keys.unsupported(
                            MODEL,
                            "is %s; supported are 'gpt2' (byte-level BPE), 'llama' (SentencePiece BPE) and 't5' (SentencePiece unigram)"
                                    .formatted(Printable.quote(model)));
        };
    }

    Tokenizer read() {
        keys.string(MODEL);
        try {
            return vocabulary()
                    .orElseThrow(() -> keys.malformed(MODEL, "says that there is no tokenizer"))
                    .tokenizer();
        } catch (MalformedFileException e) {
            throw keys.malformed(
                    MODEL, "names a tokenizer that cannot be built: " + e.getMessage(), e);
        }
    }

    private BpeVocabulary byteLevelBpe() {
        // Files from before rules had names: what llama.cpp takes then.
        String preTokenizer = keys.optionalString(PRE).orElse("default");
        List<String> known = BpeVocabulary.preTokenizers();
        if (!known.contains(preTokenizer)) {
            throw keys.unsupported(
                    PRE,
                    "is %s; supported are %s"
                            .formatted(Printable.quote(preTokenizer), String.join(", ", known)));
        }
        return new BpeVocabulary(
                strings(PREFIX + "tokens"),
                integers(PREFIX + "token_type"),
                strings(PREFIX + "merges"),
                preTokenizer,
                keys.optionalIndex(PREFIX + "bos_token_id"),
                keys.optionalIndex(PREFIX + "eos_token_id"),
                keys.optionalFlag(PREFIX + "add_bos_token")
                        .orElse(BpeVocabulary.addsBosByDefault(preTokenizer)),
                keys.optionalFlag(IGNORE_MERGES)
                        .orElse(BpeVocabulary.ignoresMergesByDefault(preTokenizer)));
    }

    /// Defaults are those of llama.cpp, of T5's kind for unigram.
    private SentencePieceVocabulary sentencePiece(Algorithm algorithm) {
        boolean bpe = algorithm == Algorithm.BPE;
        return new SentencePieceVocabulary(
                strings(PREFIX + "tokens"),
                reals(PREFIX + "scores"),
                integers(PREFIX + "token_type"),
                algorithm,
                new SentencePieceVocabulary.Normalisation(
                        bytes(PREFIX + "precompiled_charsmap"),
                        keys.optionalFlag(PREFIX + "add_space_prefix").orElse(bpe),
                        keys.optionalFlag(PREFIX + "remove_extra_whitespaces").orElse(false),
                        true,
                        false),
                keys.optionalIndex(PREFIX + "bos_token_id"),
                keys.optionalIndex(PREFIX + "eos_token_id"),
                keys.optionalFlag(PREFIX + "add_bos_token").orElse(bpe),
                keys.optionalFlag(PREFIX + "add_eos_token").orElse(!bpe),
                true);
    }

    private List<String> strings(String key) {
        return array(key, GgufArray::texts, "strings");
    }

    private int[] integers(String key) {
        return array(key, GgufArray::integers, "INT32");
    }

    private float[] reals(String key) {
        return array(key, GgufArray::floats, "FLOAT32");
    }

    private <T> T array(String key, Function<GgufArray, Optional<T>> elements, String expected) {
        List<?> list = keys.list(key);
        Optional<T> found =
                list instanceof GgufArray array ? elements.apply(array) : Optional.empty();
        return found.orElseThrow(() -> keys.malformed(key, "should be an array of " + expected));
    }

    private byte[] bytes(String key) {
        List<?> list = keys.optionalList(key).orElse(List.of());
        byte[] bytes = new byte[list.size()];
        for (int i = 0; i < bytes.length; i++) {
            if (!(list.get(i) instanceof Number number)) {
                throw keys.malformed(key, "should be an array of bytes");
            }
            bytes[i] = number.byteValue();
        }
        return bytes;
    }
}
