package mobilellm.checkpoint;

import mobilellm.tensor.RowOrder;
import mobilellm.tensor.Tensor;

import java.util.Optional;

/// A linear layer, `y = W x + b`.
///
/// @param stored `[rows, columns]`, as it lies in the file: maps `columns` inputs to `rows` outputs
/// @param order in which the rows of `stored` are wanted
/// @param bias `[rows]` in that order, where there is one
public record Linear(Tensor stored, RowOrder order, Optional<Tensor> bias) {
    /// In the order of the file.
    public Linear(Tensor stored, Optional<Tensor> bias) {
        this(stored, RowOrder.STORED, bias);
    }

    /// In the order of the file, without a bias.
    public Linear(Tensor stored) {
        this(stored, Optional.empty());
    }

    /// The matrix in the order that is wanted; a copy if the file has another one.
    public Tensor weight() {
        return order.equals(RowOrder.STORED) ? stored : HeadRows.copy(stored, order);
    }
}
