package mobilellm.checkpoint;

import mobilellm.tensor.Tensor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All weights of a model by what they do. Every shape agrees with the model's configuration.
///
/// @param embedding `[vocabulary, hidden]`
/// @param blocks stored blocks, first to last
/// @param finalNorm `[hidden]`
/// @param outputHead `[vocabulary, hidden]`; empty where the embedding serves as the head
public record ModelTensors(
        Tensor embedding,
        List<BlockTensors> blocks,
        Tensor finalNorm,
        Optional<Tensor> outputHead) {
    public ModelTensors {
        blocks = List.copyOf(blocks);
    }

    /// The matrices that activations are multiplied with, under the names that they have in GGUF files: block by block
    /// (query, key, value, attention output, gate where there is one, up, down), then the output head, which may be the
    /// embedding.
    public Map<String, Linear> matrices() {
        TensorNames names = TensorNames.GGUF;
        Map<String, Linear> matrices = new LinkedHashMap<>();
        for (int i = 0; i < blocks.size(); i++) {
            BlockTensors block = blocks.get(i);
            String prefix = names.blocks() + i + ".";
            matrices.put(prefix + names.query() + ".weight", block.query());
            matrices.put(prefix + names.key() + ".weight", block.key());
            matrices.put(prefix + names.value() + ".weight", block.value());
            matrices.put(prefix + names.attentionOutput() + ".weight", block.attentionOutput());
            block.gate().ifPresent(gate -> matrices.put(prefix + names.gate() + ".weight", gate));
            matrices.put(prefix + names.up() + ".weight", block.up());
            matrices.put(prefix + names.down() + ".weight", block.down());
        }
        matrices.put(
                outputHead.isPresent() ? names.outputHeadWeight() : names.embeddingWeight(),
                new Linear(outputHead.orElse(embedding)));
        return matrices;
    }

    /// All weights under the names that they have in GGUF files: the [#matrices], the embedding where it is none of them, norms and
    /// biases.
    public Map<String, Linear> all() {
        TensorNames names = TensorNames.GGUF;
        Map<String, Linear> all = new LinkedHashMap<>();
        all.put(names.embeddingWeight(), new Linear(embedding));
        matrices()
                .forEach(
                        (name, linear) -> {
                            all.put(name, linear);
                            String bias = name.replaceFirst("weight$", "bias");
                            linear.bias().ifPresent(vector -> all.put(bias, new Linear(vector)));
                        });
        Map<String, Tensor> norms = new LinkedHashMap<>();
        for (int i = 0; i < blocks.size(); i++) {
            BlockTensors block = blocks.get(i);
            String prefix = names.blocks() + i + ".";
            norms.put(prefix + names.attentionNorm(), block.attentionNorm());
            block.queryNorm().ifPresent(norm -> norms.put(prefix + names.queryNorm(), norm));
            block.keyNorm().ifPresent(norm -> norms.put(prefix + names.keyNorm(), norm));
            norms.put(prefix + names.feedForwardNorm(), block.feedForwardNorm());
        }
        norms.put(names.finalNorm(), finalNorm);
        norms.forEach((name, norm) -> all.put(name + ".weight", new Linear(norm)));
        return all;
    }
}
