package mobilellm.config;

/// Rotary position embedding (RoFormer, Su et al. 2021) in Hugging Face's half-split order: dimension `i` of a head is
/// paired with dimension `i + headDim / 2`, rotated by `position * theta^(-2i / headDim)`.
///
/// @param theta base of the frequencies, such as 10,000
public record Rope(double theta) {
    public Rope {
        if (!(theta > 0) || Double.isInfinite(theta)) {
            throw new IllegalArgumentException(
                    "RoPE theta must be positive and finite, got " + theta);
        }
    }
}
