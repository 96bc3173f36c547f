package mobilellm.quantisation;

import mobilellm.quant.Rounding;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;

import java.util.Optional;

/// How carefully matrices are rounded.
///
/// @param searched whether scales are searched for, which takes some twenty times as long
/// @param importance of the columns, for the search
public record Care(boolean searched, Optional<ImportanceMatrix> importance) {
    /// How one tensor is rounded.
    ///
    /// @param name that it has in GGUF files
    /// @throws MalformedFileException if the importance is of another model
    public Rounding rounding(String name, Tensor tensor) {
        if (!searched) {
            return new Rounding.Reference();
        }
        Optional<float[]> columns = importance.flatMap(matrix -> matrix.importance(name));
        if (columns.isEmpty()) {
            return new Rounding.Searched();
        }
        if (columns.get().length != tensor.columns()) {
            throw new MalformedFileException(
                    "the importance matrix has %d columns for tensor '%s', which has %d: it is of another model"
                            .formatted(columns.get().length, name, tensor.columns()));
        }
        return new Rounding.Searched(columns.get());
    }
}
