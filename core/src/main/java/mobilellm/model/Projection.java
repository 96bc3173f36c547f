package mobilellm.model;

import mobilellm.checkpoint.Linear;
import mobilellm.kernel.Activations;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.ThreadTeam;

import java.lang.foreign.Arena;
import java.util.Optional;

/// A packed linear layer, `y = W x + b`.
///
/// @param matrix `[rows, columns]`
/// @param bias `[1, rows]`, where there is one
record Projection(PackedMatrix matrix, Optional<Activations> bias) {
    static Projection pack(Linear linear, Arena arena, ThreadTeam team) {
        return new Projection(
                PackedMatrix.pack(linear.weight(), arena, team),
                linear.bias().map(bias -> Weights.row(bias, arena)));
    }
}
