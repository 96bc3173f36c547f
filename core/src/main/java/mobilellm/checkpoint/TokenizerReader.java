package mobilellm.checkpoint;

import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tokenizer.BpeVocabulary;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.Tokenizers;

import java.util.ArrayList;
import java.util.List;

/// Reads the vocabulary of a GGUF file.
final class TokenizerReader {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final String MODEL = PREFIX + "model";

    /// What GGUF calls byte-level BPE.
    private static final String BYTE_LEVEL_BPE = "gpt2";

    private final Keys keys;

    TokenizerReader(Keys keys) {
        this.keys = keys;
    }

    Tokenizer read() {
        String model = keys.string(MODEL);
        if (!model.equals(BYTE_LEVEL_BPE)) {
            throw keys.unsupported(
                    MODEL,
                    "is %s; the only supported kind of tokenizer is '%s' (byte-level BPE)"
                            .formatted(Printable.quote(model), BYTE_LEVEL_BPE));
        }
        BpeVocabulary vocabulary =
                new BpeVocabulary(
                        strings(PREFIX + "tokens"),
                        integers(PREFIX + "token_type"),
                        strings(PREFIX + "merges"),
                        keys.string(PREFIX + "pre"),
                        keys.optionalIndex(PREFIX + "bos_token_id"),
                        keys.optionalIndex(PREFIX + "eos_token_id"),
                        keys.optionalFlag(PREFIX + "add_bos_token").orElse(false));
        try {
            return Tokenizers.byteLevelBpe(vocabulary);
        } catch (MalformedFileException e) {
            throw keys.malformed(
                    MODEL, "names a tokenizer that cannot be built: " + e.getMessage(), e);
        }
    }

    private List<String> strings(String key) {
        List<String> strings = new ArrayList<>();
        for (Object element : keys.list(key)) {
            if (!(element instanceof String string)) {
                throw keys.malformed(key, "should be an array of strings");
            }
            strings.add(string);
        }
        return strings;
    }

    private int[] integers(String key) {
        List<?> list = keys.list(key);
        int[] integers = new int[list.size()];
        for (int i = 0; i < integers.length; i++) {
            if (!(list.get(i) instanceof Integer integer)) {
                throw keys.malformed(key, "should be an array of INT32");
            }
            integers[i] = integer;
        }
        return integers;
    }
}
