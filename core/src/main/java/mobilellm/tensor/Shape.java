package mobilellm.tensor;

import java.util.List;
import java.util.stream.Collectors;

/// Dimensions of a tensor, outermost first: a matrix is `[rows, columns]`, and a row is contiguous.
///
/// @param dimensions sizes, each at least 0; an empty list is a scalar
public record Shape(List<Long> dimensions) {
    public Shape {
        dimensions = List.copyOf(dimensions);
        for (long dimension : dimensions) {
            if (dimension < 0) {
                throw new IllegalArgumentException("negative dimension in shape " + dimensions);
            }
        }
    }

    public static Shape of(long... dimensions) {
        return new Shape(java.util.Arrays.stream(dimensions).boxed().toList());
    }

    public int rank() {
        return dimensions.size();
    }

    public long dimension(int index) {
        return dimensions.get(index);
    }

    /// Number of elements.
    ///
    /// @throws ArithmeticException if it does not fit in 64 bits
    public long elements() {
        long product = 1;
        for (long dimension : dimensions) {
            product = Math.multiplyExact(product, dimension);
        }
        return product;
    }

    @Override
    public String toString() {
        return dimensions.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }
}
