package mobilellm.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.tokenizer.TokenizerOptions;
import mobilellm.tokenizer.Tokenizers;

import java.util.List;

/// A `tokenizer.json`, and what it does to a text.
public final class TokenizerJsonFuzz {
    /// Small enough for mutants to differ where it matters; has a part of most kinds.
    private static final String SEED =
            """
            {"added_tokens":[{"id":8,"content":"<s>","special":true,"lstrip":true,"normalized":false},{"id":9,"content":"xy","single_word":true}],
            "normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"String":" "},"content":"_"}]},
            "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\\\s+(?!\\\\S)|[a-z]{1,3}|\\\\p{N}"},"behavior":"Isolated"},{"type":"Digits"}]},
            "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]},
            "decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"}]},
            "model":{"type":"BPE","unk_token":"?","fuse_unk":true,"vocab":{"?":0,"a":1,"b":2,"ab":3,"_":4,"_a":5,"_ab":6,"1":7},"merges":["a b",["_","a"],"_ ab"]}}
            """;

    static final Target TARGET =
            Target.of(
                    "TokenizerJson",
                    bytes ->
                            Vocabularies.use(
                                    Tokenizers.fromJson(bytes, TokenizerOptions.defaults())),
                    1024,
                    List.of(SEED.getBytes(UTF_8)));

    private TokenizerJsonFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }
}
