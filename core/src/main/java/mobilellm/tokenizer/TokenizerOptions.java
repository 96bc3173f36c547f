package mobilellm.tokenizer;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What the files beside a `tokenizer.model` or `tokenizer.json` say about it (`tokenizer_config.json` and others).
///
/// @param legacy SentencePiece only: whether the text after a special token gets a space in front like the beginning of
///     a text, as in Hugging Face's slow LlamaTokenizer with `legacy=True`, which is its default where the file is silent
/// @param addBos whether the model expects the beginning-of-sequence token before every sequence; if empty, the
///     tokenizer's own file decides
/// @param addEos likewise for the end-of-sequence token after it
/// @param bos text of the beginning-of-sequence token; if empty, the tokenizer's own file decides
/// @param eos text of the end-of-sequence token, likewise
/// @param specialTokens more special tokens, text by id: tokens of the vocabulary that become special, or new ones that
///     follow its last id without a gap
public record TokenizerOptions(
        boolean legacy,
        Optional<Boolean> addBos,
        Optional<Boolean> addEos,
        Optional<String> bos,
        Optional<String> eos,
        Map<Integer, String> specialTokens) {

    public TokenizerOptions {
        specialTokens = Collections.unmodifiableMap(new TreeMap<>(specialTokens));
    }

    /// Nothing is known but the tokenizer's own file.
    public static TokenizerOptions defaults() {
        return new TokenizerOptions(
                true,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of());
    }
}
