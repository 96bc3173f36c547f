package mobilellm.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;

/// The `tokenizer_config.json` and `generation_config.json` of a model directory, which get the same bytes.
public final class TokenizerConfigFuzz {
    private static final Folder MODEL = Folder.model();

    private static final String SEED =
            """
            {"legacy":false,"add_bos_token":true,"bos_token":{"content":"<s>"},"eos_token":"</s>",
            "added_tokens_decoder":{"8":{"content":"<s>","special":true},"9":{"content":"</s>","special":true}},
            "chat_template":[{"name":"default","template":"{{ messages }}"}],
            "eos_token_id":[2],"temperature":0.7,"top_k":20,"top_p":0.9,"do_sample":true}\
            """;

    static final Target TARGET =
            Target.of(
                    "TokenizerConfig",
                    bytes -> {
                        MODEL.write("tokenizer_config.json", bytes);
                        MODEL.write("generation_config.json", bytes);
                        MODEL.open();
                    },
                    256,
                    List.of(SEED.getBytes(UTF_8)));

    private TokenizerConfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }
}
