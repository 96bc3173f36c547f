package mobilellm.checkpoint;

import mobilellm.tensor.Tensor;

import java.util.Optional;

/// Weights of one block; shapes are those of the matrices, and `hidden` is the width of the residual stream.
///
/// @param attentionNorm `[hidden]`
/// @param query `[heads * headDim, hidden]`; the rows of a head in Hugging Face's half-split order (row `i` is rotated
///     together with row `i + headDim / 2`)
/// @param key `[keyValueHeads * headDim, hidden]`, rows as in `query`
/// @param value `[keyValueHeads * headDim, hidden]`
/// @param queryNorm `[headDim]`, in the order of a head's rows; where queries and keys are normalised with a weight
/// @param keyNorm `[headDim]`, as `queryNorm`
/// @param attentionOutput `[hidden, heads * headDim]`
/// @param feedForwardNorm `[hidden]`
/// @param gate `[intermediate, hidden]`, where the feed-forward layer is gated
/// @param up `[intermediate, hidden]`
/// @param down `[hidden, intermediate]`
public record BlockTensors(
        Tensor attentionNorm,
        Linear query,
        Linear key,
        Linear value,
        Optional<Tensor> queryNorm,
        Optional<Tensor> keyNorm,
        Linear attentionOutput,
        Tensor feedForwardNorm,
        Optional<Linear> gate,
        Linear up,
        Linear down) {}
