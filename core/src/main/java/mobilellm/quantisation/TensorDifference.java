package mobilellm.quantisation;

import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;

import java.util.Comparator;
import java.util.OptionalLong;

/// How far a tensor `b` lies from another one, `a`. Where a number of either is NaN or infinite, the pair is left out of all measures.
///
/// @param name that the tensor has in GGUF files
/// @param shape of both
/// @param typeA stored type of `a`
/// @param typeB stored type of `b`
/// @param largest `max |b - a|`
/// @param largestAt index of it in row-major order, rows as they lie in the file of `a`
/// @param squares of `b - a`, summed up
/// @param squaresA of `a`, summed up
/// @param squaresB of `b`, summed up
/// @param products of `a` and `b`, summed up
/// @param count of the pairs
/// @param nonFiniteA index of a number of `a` that is NaN or infinite, in the order of its file: the first one that was met
/// @param nonFiniteB the same of `b`
public record TensorDifference(
        String name,
        Shape shape,
        DType typeA,
        DType typeB,
        double largest,
        long largestAt,
        double squares,
        double squaresA,
        double squaresB,
        double products,
        long count,
        OptionalLong nonFiniteA,
        OptionalLong nonFiniteB) {
    /// Broken tensors first, then those that are relatively the farthest away.
    static final Comparator<TensorDifference> WORST_FIRST =
            Comparator.comparing(TensorDifference::isBroken)
                    .thenComparingDouble(TensorDifference::relativeRms)
                    .reversed();

    /// Whether a number is NaN or infinite.
    public boolean isBroken() {
        return nonFiniteA.isPresent() || nonFiniteB.isPresent();
    }

    /// Root mean square of `b - a`.
    public double rms() {
        return count == 0 ? 0 : Math.sqrt(squares / count);
    }

    /// Root mean square of `b - a`, divided by that of `a`; infinite where `a` is nothing but zeros and `b` is not.
    public double relativeRms() {
        return squares == 0 ? 0 : Math.sqrt(squares / squaresA);
    }

    /// Cosine of the angle between the two as vectors: 1 where they have the same direction; of equal ones, even of zeros.
    public double cosine() {
        if (squares == 0) {
            return 1;
        }
        double lengths = Math.sqrt(squaresA) * Math.sqrt(squaresB);
        return lengths == 0 ? 0 : Math.clamp(products / lengths, -1, 1);
    }
}
