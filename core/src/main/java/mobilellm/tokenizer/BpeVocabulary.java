package mobilellm.tokenizer;

import java.util.List;
import java.util.OptionalInt;

/// A byte-level BPE vocabulary as a model file holds it. [Tokenizers#byteLevelBpe] checks it.
///
/// @param tokens text by id, in GPT-2's printable byte alphabet (`Ġ` for a space); special tokens in plain text
/// @param tokenTypes by id, GGUF's numbers: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte
/// @param merges `"left right"`, most important first
/// @param preTokenizer GGUF's name of the rule that cuts text into words, `tokenizer.ggml.pre`
/// @param bos begins a sequence
/// @param eos ends a sequence
/// @param addBos whether the model expects `bos` before every sequence
@SuppressWarnings("ArrayRecordComponent") // copied once on the way in; nobody compares vocabularies
public record BpeVocabulary(
        List<String> tokens,
        int[] tokenTypes,
        List<String> merges,
        String preTokenizer,
        OptionalInt bos,
        OptionalInt eos,
        boolean addBos) {
    public BpeVocabulary {
        tokens = List.copyOf(tokens);
        tokenTypes = tokenTypes.clone();
        merges = List.copyOf(merges);
    }
}
