package mobilellm.model;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.Linear;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.Attention;
import mobilellm.config.Attention.Bias;
import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.FeedForward;
import mobilellm.config.FeedForward.Activation;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.Rope;
import mobilellm.config.RopeScaling;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A small checkpoint in Hugging Face's layout, with what PyTorch computed from it.
final class FixtureModel {
    private final Path folder;
    private final JsonRow json;
    private final ReferenceTensors weights;
    private final JsonRow notes;
    private final ReferenceTensors expected;

    private FixtureModel(Path folder) throws IOException {
        this.folder = folder;
        Path layout = folder.resolve(folder.resolve("hf").toFile().exists() ? "hf" : "safetensors");
        json = JsonRow.read(layout.resolve("config.json"));
        weights = ReferenceTensors.read(layout.resolve("model.safetensors"));
        notes = JsonRow.read(folder.resolve("expected.json"));
        expected = ReferenceTensors.read(folder.resolve("expected.safetensors"));
    }

    static FixtureModel of(String name) throws IOException {
        return new FixtureModel(Shared.path("fixtures/models/" + name));
    }

    /// Names of the layer plans that there are results for.
    List<String> plans() {
        return List.copyOf(notes.row("plans").values().keySet());
    }

    JsonRow plan(String name) {
        return notes.row("plans").row(name);
    }

    JsonRow sequences() {
        return notes.row("sequences");
    }

    ReferenceTensors expected() {
        return expected;
    }

    ModelConfig config(String plan) {
        boolean untied = weights.has("lm_head.weight");
        return new ModelConfig(
                "llama",
                size("num_hidden_layers"),
                size("hidden_size"),
                attention(),
                new FeedForward(
                        size("intermediate_size"),
                        json.text("hidden_act").equals("relu")
                                ? Activation.RELU
                                : Activation.SWIGLU,
                        weights.has("model.layers.0.mlp.up_proj.bias")),
                size("vocab_size"),
                size("max_position_embeddings"),
                json.number("rms_norm_eps"),
                new Rope(json.number("rope_theta"), scaling()),
                !untied,
                sharing(plan));
    }

    private Attention attention() {
        int heads = size("num_attention_heads");
        Bias bias =
                weights.has("model.layers.0.self_attn.o_proj.bias")
                        ? Bias.ALL
                        : weights.has("model.layers.0.self_attn.q_proj.bias")
                                ? Bias.QUERY_KEY_VALUE
                                : Bias.NONE;
        QueryKeyNorm norm =
                weights.has("model.layers.0.self_attn.q_norm.weight")
                        ? QueryKeyNorm.WEIGHTED_BEFORE_ROPE
                        : isLlama4() ? QueryKeyNorm.PLAIN_AFTER_ROPE : QueryKeyNorm.NONE;
        int headDim = json.has("head_dim") ? size("head_dim") : size("hidden_size") / heads;
        return new Attention(heads, size("num_key_value_heads"), headDim, bias, norm);
    }

    private boolean isLlama4() {
        return json.text("model_type").equals("llama4_text");
    }

    private RopeScaling scaling() {
        if (!json.has("rope_scaling")) {
            return new RopeScaling.None();
        }
        JsonRow scaling = json.row("rope_scaling");
        return scaling.text("rope_type").equals("linear")
                ? new RopeScaling.Linear(scaling.number("factor"))
                : new RopeScaling.Llama3(
                        scaling.number("factor"),
                        scaling.number("low_freq_factor"),
                        scaling.number("high_freq_factor"),
                        (int) scaling.number("original_max_position_embeddings"));
    }

    private int size(String key) {
        return (int) json.number(key);
    }

    /// `immediate-x2.own`
    static LayerSharing sharing(String plan) {
        if (plan.equals("none")) {
            return LayerSharing.NONE;
        }
        int times = plan.lastIndexOf("-x");
        int dot = plan.indexOf('.');
        return new LayerSharing(
                LayerSharing.Strategy.valueOf(constant(plan.substring(0, times))),
                Integer.parseInt(plan.substring(times + 2, dot)),
                LayerSharing.Cache.valueOf(constant(plan.substring(dot + 1))));
    }

    private static String constant(String name) {
        return name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    ModelTensors tensors() {
        List<BlockTensors> blocks = new ArrayList<>();
        for (int layer = 0; layer < size("num_hidden_layers"); layer++) {
            String block = "model.layers." + layer + ".";
            String attention = block + "self_attn.";
            String feedForward = block + (isLlama4() ? "feed_forward." : "mlp.");
            blocks.add(
                    new BlockTensors(
                            weights.tensor(block + "input_layernorm.weight"),
                            rotated(linear(attention + "q_proj")),
                            rotated(linear(attention + "k_proj")),
                            linear(attention + "v_proj"),
                            optional(attention + "q_norm.weight"),
                            optional(attention + "k_norm.weight"),
                            linear(attention + "o_proj"),
                            weights.tensor(block + "post_attention_layernorm.weight"),
                            optional(feedForward + "gate_proj.weight")
                                    .map(_ -> linear(feedForward + "gate_proj")),
                            linear(feedForward + "up_proj"),
                            linear(feedForward + "down_proj")));
        }
        return new ModelTensors(
                weights.tensor("model.embed_tokens.weight"),
                blocks,
                weights.tensor("model.norm.weight"),
                optional("lm_head.weight"));
    }

    private Linear linear(String name) {
        return new Linear(weights.tensor(name + ".weight"), optional(name + ".bias"));
    }

    private Optional<Tensor> optional(String name) {
        return weights.has(name) ? Optional.of(weights.tensor(name)) : Optional.empty();
    }

    /// Llama 4 rotates rows `2i` and `2i + 1` of a head together: they become `i` and `i + headDim / 2`.
    private Linear rotated(Linear linear) {
        if (!isLlama4()) {
            return linear;
        }
        Tensor tensor = linear.weight();
        int headDim = size("head_dim");
        long rowBytes = tensor.rowBytes();
        MemorySegment data = Arena.ofAuto().allocate(tensor.data().byteSize(), 64);
        for (int row = 0; row < tensor.rows(); row++) {
            int inHead = row % headDim;
            int target = row - inHead + inHead / 2 + inHead % 2 * headDim / 2;
            MemorySegment.copy(tensor.data(), row * rowBytes, data, target * rowBytes, rowBytes);
        }
        Shape shape = tensor.shape();
        return new Linear(new Tensor(tensor.name(), tensor.type(), shape, data));
    }

    @Override
    public String toString() {
        return folder.getFileName().toString();
    }
}
