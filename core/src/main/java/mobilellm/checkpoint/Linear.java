package mobilellm.checkpoint;

import mobilellm.tensor.Tensor;

import java.util.Optional;

/// A linear layer, `y = W x + b`.
///
/// @param weight `[rows, columns]`: maps `columns` inputs to `rows` outputs
/// @param bias `[rows]`, where there is one
public record Linear(Tensor weight, Optional<Tensor> bias) {
    /// Without a bias.
    public Linear(Tensor weight) {
        this(weight, Optional.empty());
    }
}
