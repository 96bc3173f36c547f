package mobilellm.checkpoint;

import mobilellm.testing.GgufBuilder.Bytes;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes small model directories: good ones, and, with one thing changed, bad ones. All weights are f32 zeros but for the
/// embedding's first.
final class ModelDirectory {
    static final int HIDDEN = 8;
    static final int VOCABULARY = 12;

    private static final int INTERMEDIATE = 12;

    private final Map<String, String> config = new LinkedHashMap<>();
    private final Map<String, long[]> tensors = new LinkedHashMap<>();
    private final Map<String, String> files = new LinkedHashMap<>();

    /// One block with two heads of 4.
    ModelDirectory(String modelType) {
        set("model_type", "\"" + modelType + "\"");
        set("hidden_size", HIDDEN).set("intermediate_size", INTERMEDIATE);
        set("num_hidden_layers", 1).set("num_attention_heads", 2);
        set("vocab_size", VOCABULARY).set("max_position_embeddings", 64);
        set("tie_word_embeddings", true);
        String block = "model.layers.0.";
        tensor("model.embed_tokens.weight", VOCABULARY, HIDDEN);
        tensor(block + "input_layernorm.weight", HIDDEN);
        for (String name : new String[] {"q", "k", "v", "o"}) {
            tensor(block + "self_attn." + name + "_proj.weight", HIDDEN, HIDDEN);
        }
        tensor(block + "post_attention_layernorm.weight", HIDDEN);
        tensor(block + "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN);
        tensor(block + "mlp.up_proj.weight", INTERMEDIATE, HIDDEN);
        tensor(block + "mlp.down_proj.weight", HIDDEN, INTERMEDIATE);
        tensor("model.norm.weight", HIDDEN);
    }

    /// A member of `config.json`.
    ModelDirectory set(String key, Object json) {
        config.put(key, json.toString());
        return this;
    }

    ModelDirectory without(String key) {
        config.remove(key);
        return this;
    }

    ModelDirectory tensor(String name, long... shape) {
        tensors.put(name, shape);
        return this;
    }

    ModelDirectory withoutTensor(String name) {
        tensors.remove(name);
        return this;
    }

    ModelDirectory file(String name, String text) {
        files.put(name, text);
        return this;
    }

    Path write(Path directory) throws IOException {
        Files.createDirectories(directory);
        StringBuilder json = new StringBuilder();
        config.forEach((key, value) -> member(json, key, value));
        Files.writeString(directory.resolve("config.json"), "{" + json + "}");
        Files.write(directory.resolve("model.safetensors"), safetensors());
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(directory.resolve(file.getKey()), file.getValue());
        }
        return directory;
    }

    private byte[] safetensors() {
        StringBuilder header = new StringBuilder();
        Bytes data = new Bytes();
        long offset = 0;
        for (Map.Entry<String, long[]> tensor : tensors.entrySet()) {
            long count = 1;
            StringBuilder shape = new StringBuilder();
            for (long size : tensor.getValue()) {
                count *= size;
                shape.append(shape.isEmpty() ? "" : ", ").append(size);
            }
            member(
                    header,
                    tensor.getKey(),
                    "{\"dtype\": \"F32\", \"shape\": [%s], \"data_offsets\": [%d, %d]}"
                            .formatted(shape, offset, offset + 4 * count));
            offset += 4 * count;
            data.u32(tensor.getKey().contains("embed") ? 0x3f80_0000 : 0);
            data.raw(new byte[(int) (4 * count - 4)]);
        }
        byte[] json = ("{" + header + "}").getBytes(StandardCharsets.UTF_8);
        return new Bytes().u64(json.length).raw(json).raw(data.toArray()).toArray();
    }

    private static void member(StringBuilder json, String key, String value) {
        json.append(json.isEmpty() ? "" : ",\n")
                .append('"')
                .append(key)
                .append("\": ")
                .append(value);
    }
}
