package mobilellm.checkpoint;

import mobilellm.tensor.Tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The weights of a model by what they do, under the names that Transformers gives to what they do.
final class Roles {
    private final List<Tensor> tensors = new ArrayList<>();

    private Roles() {}

    /// @param feedForward what the feed-forward layer is called
    static List<Tensor> named(ModelTensors model, String feedForward) {
        Roles roles = new Roles();
        roles.add("model.embed_tokens.weight", model.embedding());
        for (int i = 0; i < model.blocks().size(); i++) {
            String prefix = "model.layers." + i + ".";
            BlockTensors block = model.blocks().get(i);
            roles.add(prefix + "input_layernorm.weight", block.attentionNorm());
            roles.add(prefix + "self_attn.q_proj", block.query());
            roles.add(prefix + "self_attn.k_proj", block.key());
            roles.add(prefix + "self_attn.v_proj", block.value());
            roles.add(prefix + "self_attn.q_norm.weight", block.queryNorm());
            roles.add(prefix + "self_attn.k_norm.weight", block.keyNorm());
            roles.add(prefix + "self_attn.o_proj", block.attentionOutput());
            roles.add(prefix + "post_attention_layernorm.weight", block.feedForwardNorm());
            block.gate().ifPresent(g -> roles.add(prefix + feedForward + ".gate_proj", g));
            roles.add(prefix + feedForward + ".up_proj", block.up());
            roles.add(prefix + feedForward + ".down_proj", block.down());
        }
        roles.add("model.norm.weight", model.finalNorm());
        roles.add("lm_head.weight", model.outputHead());
        return roles.tensors;
    }

    private void add(String name, Linear linear) {
        add(name + ".weight", linear.weight());
        add(name + ".bias", linear.bias());
    }

    private void add(String name, Optional<Tensor> tensor) {
        tensor.ifPresent(present -> add(name, present));
    }

    private void add(String name, Tensor tensor) {
        tensors.add(new Tensor(name, tensor.type(), tensor.shape(), tensor.data()));
    }
}
