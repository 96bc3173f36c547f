package mobilellm.fuzz;

import mobilellm.gguf.GgufFile;
import mobilellm.tensor.DType;
import mobilellm.testing.GgufBuilder;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/// A GGUF file: the format, and the model in it with its tokenizer.
public final class GgufFuzz {
    private static final Folder FOLDER = new Folder();

    static final Target TARGET =
            Target.of(
                    "Gguf", GgufFuzz::read, 256, List.of(model(), GgufBuilder.everyKindOfValue()));

    private GgufFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }

    private static void read(byte[] bytes) throws IOException {
        Path path = FOLDER.write("fuzzed.gguf", bytes);
        boolean isModel;
        try (GgufFile file = GgufFile.open(path)) {
            for (var tensor : file.tensors()) {
                tensor.data().toArray(ValueLayout.JAVA_BYTE);
            }
            isModel = file.metadata().containsKey("general.architecture");
        }
        if (isModel) {
            Folder.open(path);
        }
    }

    private static byte[] model() {
        GgufBuilder builder =
                new GgufBuilder()
                        .text("general.architecture", "llama")
                        .uint32("llama.block_count", 1)
                        .uint32("llama.context_length", 64)
                        .uint32("llama.embedding_length", 8)
                        .uint32("llama.feed_forward_length", 8)
                        .uint32("llama.attention.head_count", 2)
                        .uint32("llama.attention.head_count_kv", 1)
                        .float32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                        .text("tokenizer.chat_template", "{{ messages }}")
                        .text("tokenizer.ggml.model", "gpt2")
                        .text("tokenizer.ggml.pre", "smollm")
                        .texts("tokenizer.ggml.tokens", List.of("<s>", "a", "b", "ab", "Ġ"))
                        .integers("tokenizer.ggml.token_type", 3, 1, 1, 1, 1)
                        .texts("tokenizer.ggml.merges", List.of("a b"))
                        .uint32("tokenizer.ggml.eos_token_id", 0);
        matrix(builder, "token_embd", 5);
        for (String norm : List.of("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm")) {
            builder.tensor(norm + ".weight", DType.F32, new byte[Float.BYTES * 8], 8);
        }
        for (String name : List.of("attn_q", "attn_output", "ffn_gate", "ffn_up", "ffn_down")) {
            matrix(builder, "blk.0." + name, 8);
        }
        matrix(builder, "blk.0.attn_k", 4);
        matrix(builder, "blk.0.attn_v", 4);
        return builder.build();
    }

    private static void matrix(GgufBuilder builder, String name, int rows) {
        builder.tensor(name + ".weight", DType.F32, new byte[Float.BYTES * 8 * rows], rows, 8);
    }
}
