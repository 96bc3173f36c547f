package mobilellm.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.testing.GgufBuilder.Bytes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/// A folder, deleted at the end, with one file for each input in turn; others in it can be there for good.
final class Folder {
    static final String INDEX = "model.safetensors.index.json";

    private static final String LAST = "model.norm.weight";
    private static final int HIDDEN = 8;
    private static final int VOCABULARY = 8;

    /// What [#model] holds.
    static final String CONFIG =
            """
            {"model_type":"mobilellm","hidden_size":8,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":2,
            "num_key_value_heads":1,"head_dim":4,"vocab_size":8,"max_position_embeddings":64,"rms_norm_eps":1e-5,
            "rope_theta":10000.0,"rope_scaling":null,"share_embedding":true,"layer_sharing":false,"hidden_act":"silu",
            "eos_token_id":2,"torch_dtype":"float32"}\
            """;

    private static final String TOKENIZER =
            """
            {"decoder":{"type":"ByteFallback"},"model":{"type":"BPE","unk_token":"?",
            "vocab":{"?":0,"a":1,"b":2,"ab":3,"c":4,"d":5,"e":6,"f":7},"merges":["a b"]}}\
            """;

    private final Path path;

    Folder() {
        try {
            path = Files.createTempDirectory("fuzz-");
            path.toFile().deleteOnExit();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A directory with everything that a model needs.
    static Folder model() {
        Folder folder = new Folder();
        folder.write("model.safetensors", safetensors(tensors()));
        return folder.withTexts();
    }

    /// The same with its weights in two files.
    static Folder shardedModel() {
        Folder folder = new Folder();
        Map<String, long[]> first = tensors();
        Map<String, long[]> second = new LinkedHashMap<>();
        second.put(LAST, Objects.requireNonNull(first.remove(LAST)));
        folder.write("model-1.safetensors", safetensors(first));
        folder.write("model-2.safetensors", safetensors(second));
        folder.write(INDEX, index().getBytes(UTF_8));
        return folder.withTexts();
    }

    /// The index of [#shardedModel].
    static String index() {
        return tensors().keySet().stream()
                .map(
                        name ->
                                "\"%s\":\"model-%d.safetensors\""
                                        .formatted(name, name.equals(LAST) ? 2 : 1))
                .collect(
                        Collectors.joining(
                                ",", "{\"metadata\":{\"total_size\":1},\"weight_map\":{", "}}"));
    }

    private Folder withTexts() {
        write("config.json", CONFIG.getBytes(UTF_8));
        write("tokenizer.json", TOKENIZER.getBytes(UTF_8));
        return this;
    }

    private static Map<String, long[]> tensors() {
        Map<String, long[]> tensors = new LinkedHashMap<>();
        tensors.put("model.embed_tokens.weight", new long[] {VOCABULARY, HIDDEN});
        tensors.put("model.norm.weight", new long[] {HIDDEN});
        String block = "model.layers.0.";
        for (String norm : new String[] {"input_layernorm", "post_attention_layernorm"}) {
            tensors.put(block + norm + ".weight", new long[] {HIDDEN});
        }
        for (String square :
                new String[] {
                    "self_attn.q_proj",
                    "self_attn.o_proj",
                    "mlp.gate_proj",
                    "mlp.up_proj",
                    "mlp.down_proj"
                }) {
            tensors.put(block + square + ".weight", new long[] {HIDDEN, HIDDEN});
        }
        for (String half : new String[] {"self_attn.k_proj", "self_attn.v_proj"}) {
            tensors.put(block + half + ".weight", new long[] {HIDDEN / 2, HIDDEN});
        }
        return tensors;
    }

    /// F32 tensors full of zeros.
    static byte[] safetensors(Map<String, long[]> tensors) {
        StringBuilder header = new StringBuilder();
        int end = 0;
        for (var tensor : tensors.entrySet()) {
            long[] shape = tensor.getValue();
            int start = end;
            end += (int) (Float.BYTES * shape[0] * (shape.length == 1 ? 1 : shape[1]));
            String sizes = shape.length == 1 ? "" + shape[0] : shape[0] + "," + shape[1];
            header.append(header.isEmpty() ? "{" : ",")
                    .append(
                            "\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                                    .formatted(tensor.getKey(), sizes, start, end));
        }
        byte[] json = header.append('}').toString().getBytes(UTF_8);
        return new Bytes().u64(json.length).raw(json).raw(new byte[end]).toArray();
    }

    /// Writes a file of the folder.
    Path write(String name, byte[] bytes) {
        try {
            Path file = path.resolve(name);
            file.toFile().deleteOnExit();
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Opens the folder as a model and reads all that a model has.
    void open() throws IOException {
        open(path);
    }

    /// Opens a file or folder as a model and reads all that a model has.
    static void open(Path model) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            checkpoint.tokenizer();
            checkpoint.chatTemplate();
            checkpoint.generationDefaults();
            checkpoint.requireUnchanged();
        }
    }
}
