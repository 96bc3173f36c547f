import mobilellm.file.OutputFile;
import mobilellm.gguf.GgufArray;
import mobilellm.gguf.GgufValue;
import mobilellm.gguf.GgufWriter;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.TensorInfo;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Writes a Llama of 877 million random weights in F16 (1.75 GB) and a vocabulary that says nothing: what loading costs where a model is large.
///
///     java -cp app/target/mobilellm.jar dev/RandomModel.java /tmp/random-1b.gguf
///     /usr/bin/time -v ./mobilellm generate /tmp/random-1b.gguf --ids 1,2,3 -n 1
final class RandomModel {
    private static final int LAYERS = 18;
    private static final int HIDDEN = 2048;
    private static final int INTERMEDIATE = 5632;
    private static final int HEADS = 32;
    private static final int KEY_VALUE_HEADS = 8;
    private static final int VOCABULARY = 32_000;

    /// Random numbers that are made; tensors repeat them from different places.
    private static final int PERIOD = 1 << 20;

    private RandomModel() {}

    public static void main(String[] arguments) throws IOException {
        Random random = new Random(1);
        MemorySegment numbers = MemorySegment.ofArray(new byte[2 * PERIOD]);
        for (int i = 0; i < PERIOD; i++) {
            numbers.setAtIndex(
                    ValueLayout.JAVA_SHORT_UNALIGNED,
                    i,
                    Float.floatToFloat16((float) random.nextGaussian() * 0.02f));
        }
        try (OutputFile file = OutputFile.create(Path.of(arguments[0]), true)) {
            GgufWriter.write(
                    metadata(),
                    tensors(),
                    (tensor, to) -> {
                        if (tensor.type() == DType.F32) {
                            float[] ones = new float[HIDDEN];
                            Arrays.fill(ones, 1);
                            to.write(MemorySegment.ofArray(ones));
                            return;
                        }
                        long left = tensor.bytes();
                        while (left > 0) {
                            long from = 2L * random.nextInt(PERIOD);
                            long size = Math.min(left, numbers.byteSize() - from);
                            to.write(numbers.asSlice(from, size));
                            left -= size;
                        }
                    },
                    file);
            file.commit();
        }
    }

    private static Map<String, GgufValue> metadata() {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", GgufValue.text("llama"));
        metadata.put("llama.block_count", GgufValue.uint32(LAYERS));
        metadata.put("llama.context_length", GgufValue.uint32(2048));
        metadata.put("llama.embedding_length", GgufValue.uint32(HIDDEN));
        metadata.put("llama.feed_forward_length", GgufValue.uint32(INTERMEDIATE));
        metadata.put("llama.attention.head_count", GgufValue.uint32(HEADS));
        metadata.put("llama.attention.head_count_kv", GgufValue.uint32(KEY_VALUE_HEADS));
        metadata.put("llama.attention.layer_norm_rms_epsilon", GgufValue.float32(1e-5f));
        List<String> tokens = new ArrayList<>(List.of("a"));
        while (tokens.size() < VOCABULARY) {
            tokens.add("token" + tokens.size());
        }
        int[] types = new int[VOCABULARY];
        Arrays.fill(types, 1);
        metadata.put("tokenizer.ggml.model", GgufValue.text("gpt2"));
        metadata.put("tokenizer.ggml.pre", GgufValue.text("gpt-2"));
        metadata.put("tokenizer.ggml.tokens", GgufValue.array(GgufArray.texts(tokens)));
        metadata.put("tokenizer.ggml.token_type", GgufValue.array(GgufArray.integers(types)));
        metadata.put("tokenizer.ggml.merges", GgufValue.array(GgufArray.texts(List.of())));
        metadata.put("tokenizer.ggml.eos_token_id", GgufValue.uint32(0));
        return metadata;
    }

    private static List<TensorInfo> tensors() {
        List<TensorInfo> tensors = new ArrayList<>();
        int keyValues = HIDDEN / HEADS * KEY_VALUE_HEADS;
        tensors.add(matrix("token_embd", VOCABULARY, HIDDEN));
        for (int i = 0; i < LAYERS; i++) {
            String block = "blk." + i + ".";
            tensors.add(norm(block + "attn_norm"));
            tensors.add(matrix(block + "attn_q", HIDDEN, HIDDEN));
            tensors.add(matrix(block + "attn_k", keyValues, HIDDEN));
            tensors.add(matrix(block + "attn_v", keyValues, HIDDEN));
            tensors.add(matrix(block + "attn_output", HIDDEN, HIDDEN));
            tensors.add(norm(block + "ffn_norm"));
            tensors.add(matrix(block + "ffn_gate", INTERMEDIATE, HIDDEN));
            tensors.add(matrix(block + "ffn_up", INTERMEDIATE, HIDDEN));
            tensors.add(matrix(block + "ffn_down", HIDDEN, INTERMEDIATE));
        }
        tensors.add(norm("output_norm"));
        return tensors;
    }

    private static TensorInfo matrix(String name, int rows, int columns) {
        return new TensorInfo(name + ".weight", DType.F16, Shape.of(rows, columns));
    }

    private static TensorInfo norm(String name) {
        return new TensorInfo(name + ".weight", DType.F32, Shape.of(HIDDEN));
    }
}
