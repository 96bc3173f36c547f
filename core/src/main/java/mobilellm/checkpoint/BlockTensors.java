package mobilellm.checkpoint;

import mobilellm.tensor.Tensor;

/// Weights of one block. A matrix `[rows, columns]` maps `columns` inputs to `rows` outputs; below, `hidden` is the
/// width of the residual stream.
///
/// @param attentionNorm `[hidden]`
/// @param query `[heads * headDim, hidden]`; the rows of a head in Hugging Face's half-split order (row `i` is rotated
///     together with row `i + headDim / 2`)
/// @param key `[keyValueHeads * headDim, hidden]`, rows as in `query`
/// @param value `[keyValueHeads * headDim, hidden]`
/// @param attentionOutput `[hidden, heads * headDim]`
/// @param feedForwardNorm `[hidden]`
/// @param gate `[intermediate, hidden]`
/// @param up `[intermediate, hidden]`
/// @param down `[hidden, intermediate]`
public record BlockTensors(
        Tensor attentionNorm,
        Tensor query,
        Tensor key,
        Tensor value,
        Tensor attentionOutput,
        Tensor feedForwardNorm,
        Tensor gate,
        Tensor up,
        Tensor down) {}
