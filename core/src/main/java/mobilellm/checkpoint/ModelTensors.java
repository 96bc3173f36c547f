package mobilellm.checkpoint;

import mobilellm.tensor.Tensor;

import java.util.List;
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
}
