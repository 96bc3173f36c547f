package mobilellm.model;

import mobilellm.checkpoint.Linear;
import mobilellm.config.Precision;
import mobilellm.kernel.Activations;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.Packing;

import java.lang.foreign.Arena;
import java.util.Optional;

/// A packed linear layer, `y = W x + b`.
///
/// @param matrix `[rows, columns]`
/// @param bias `[1, rows]`, where there is one
record Projection(PackedMatrix matrix, Optional<Activations> bias) {
    static Projection pack(Linear linear, Arena arena, Packing packing, Precision precision) {
        PackedForm form = PackedForm.ofProjection(linear.stored().type(), precision);
        return new Projection(
                packing.add(linear.stored(), linear.order(), form),
                linear.bias().map(bias -> Weights.row(bias, arena)));
    }
}
