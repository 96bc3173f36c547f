package mobilellm.fuzz;

import mobilellm.tokenizer.TokenizerOptions;
import mobilellm.tokenizer.Tokenizers;

import java.util.Base64;

/// A `tokenizer.model`, and what it does to a text.
public final class SentencePieceFuzz {
    static final Target TARGET =
            Target.of(
                    "SentencePiece",
                    bytes ->
                            Vocabularies.use(
                                    Tokenizers.sentencePiece(bytes, TokenizerOptions.defaults())),
                    1024,
                    Vocabularies.read("sentencepiece.jsonl", "model").stream()
                            .map(Base64.getDecoder()::decode)
                            .toList());

    private SentencePieceFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }
}
