package mobilellm.checkpoint;

import mobilellm.tensor.DType;
import mobilellm.testing.GgufBuilder;

import java.util.List;
import java.util.stream.IntStream;

/// Writes small llama files: good ones, and, with one thing changed, bad ones. Row `r` of every F32 matrix is full of `r`.
final class TinyModel {
    static final int HIDDEN = 64;
    static final int INTERMEDIATE = 96;
    static final int HEADS = 4;
    static final int KEY_VALUE_HEADS = 2;
    static final int HEAD_DIM = 16;
    static final int VOCABULARY = 40;

    private TinyModel() {}

    static GgufBuilder metadata(String architecture, int layers) {
        String prefix = architecture + ".";
        return new GgufBuilder()
                .text("general.architecture", architecture)
                .uint32(prefix + "block_count", layers)
                .uint32(prefix + "context_length", 128)
                .uint32(prefix + "embedding_length", HIDDEN)
                .uint32(prefix + "feed_forward_length", INTERMEDIATE)
                .uint32(prefix + "attention.head_count", HEADS)
                .uint32(prefix + "attention.head_count_kv", KEY_VALUE_HEADS)
                .float32(prefix + "attention.layer_norm_rms_epsilon", 1e-5f)
                .uint32(prefix + "vocab_size", VOCABULARY)
                .texts("tokenizer.ggml.tokens", tokens(VOCABULARY));
    }

    /// Two blocks of architecture `llama`.
    static GgufBuilder good() {
        return weights(metadata("llama", 2), 2);
    }

    static GgufBuilder weights(GgufBuilder builder, int layers) {
        matrix(builder, "token_embd.weight", VOCABULARY, HIDDEN);
        for (int layer = 0; layer < layers; layer++) {
            block(builder, "blk." + layer + ".");
        }
        return norm(builder, "output_norm.weight");
    }

    static void block(GgufBuilder builder, String prefix) {
        norm(builder, prefix + "attn_norm.weight");
        matrix(builder, prefix + "attn_q.weight", HEADS * HEAD_DIM, HIDDEN);
        matrix(builder, prefix + "attn_k.weight", KEY_VALUE_HEADS * HEAD_DIM, HIDDEN);
        matrix(builder, prefix + "attn_v.weight", KEY_VALUE_HEADS * HEAD_DIM, HIDDEN);
        matrix(builder, prefix + "attn_output.weight", HIDDEN, HEADS * HEAD_DIM);
        norm(builder, prefix + "ffn_norm.weight");
        matrix(builder, prefix + "ffn_gate.weight", INTERMEDIATE, HIDDEN);
        matrix(builder, prefix + "ffn_up.weight", INTERMEDIATE, HIDDEN);
        matrix(builder, prefix + "ffn_down.weight", HIDDEN, INTERMEDIATE);
    }

    static GgufBuilder norm(GgufBuilder builder, String name) {
        return builder.tensor(name, DType.F32, rows(1, HIDDEN), HIDDEN);
    }

    static GgufBuilder matrix(GgufBuilder builder, String name, int rows, int columns) {
        return builder.tensor(name, DType.F32, rows(rows, columns), rows, columns);
    }

    static List<String> tokens(int count) {
        return IntStream.range(0, count).mapToObj(id -> "token" + id).toList();
    }

    private static byte[] rows(int rows, int columns) {
        GgufBuilder.Bytes bytes = new GgufBuilder.Bytes();
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                bytes.f32(row);
            }
        }
        return bytes.toArray();
    }
}
