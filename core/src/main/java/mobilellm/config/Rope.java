package mobilellm.config;

/// Rotary position embedding (RoFormer, Su et al. 2021) in Hugging Face's half-split order: dimension `i` of a head is
/// paired with dimension `i + headDim / 2`, rotated by `position * frequencies[i]`.
///
/// @param theta base of the frequencies, such as 10,000
/// @param scaling change of the frequencies for longer contexts
public record Rope(double theta, RopeScaling scaling) {
    public Rope {
        if (!(theta > 0) || Double.isInfinite(theta)) {
            throw new IllegalArgumentException(
                    "RoPE theta must be positive and finite, got " + theta);
        }
    }

    /// Without scaling.
    public Rope(double theta) {
        this(theta, new RopeScaling.None());
    }

    /// What cosines and sines are multiplied by.
    public double attentionFactor() {
        return scaling instanceof RopeScaling.Yarn yarn ? yarn.attentionFactor() : 1;
    }

    /// Radians per position of each pair of a head, `theta^(-2i / headDim)` before scaling.
    public double[] frequencies(int headDim) {
        double[] frequencies = new double[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            double frequency = StrictMath.pow(theta, -2.0 * i / headDim);
            frequencies[i] =
                    switch (scaling) {
                        case RopeScaling.None _, RopeScaling.Dynamic _ -> frequency;
                        case RopeScaling.Linear linear -> frequency / linear.factor();
                        case RopeScaling.Llama3 llama3 -> scale(frequency, llama3);
                        case RopeScaling.Yarn yarn -> scale(frequency, i, headDim, yarn);
                        case RopeScaling.PerPair pairs -> frequency / pairs.divisors().get(i);
                    };
        }
        return frequencies;
    }

    private static double scale(double frequency, RopeScaling.Llama3 llama3) {
        double turns = llama3.originalContext() * frequency / (2 * Math.PI);
        double low = llama3.lowFrequencyFactor();
        double high = llama3.highFrequencyFactor();
        double kept = clamp((turns - low) / (high - low));
        return kept * frequency + (1 - kept) * frequency / llama3.factor();
    }

    private double scale(double frequency, int pair, int headDim, RopeScaling.Yarn yarn) {
        double first = dimension(yarn.betaFast(), headDim, yarn);
        double last = dimension(yarn.betaSlow(), headDim, yarn);
        if (yarn.truncated()) {
            first = Math.floor(first);
            last = Math.ceil(last);
        }
        first = Math.max(first, 0);
        last = Math.min(last, headDim - 1);
        // Hugging Face's way to avoid a division by zero.
        double width = first == last ? 0.001 : last - first;
        double kept = 1 - clamp((pair - first) / width);
        return kept * frequency + (1 - kept) * frequency / yarn.factor();
    }

    /// The pair, as a real number, that turns so many times in the original context.
    private double dimension(double turns, int headDim, RopeScaling.Yarn yarn) {
        return headDim
                * Math.log(yarn.originalContext() / (turns * 2 * Math.PI))
                / (2 * Math.log(theta));
    }

    private static double clamp(double value) {
        return Math.max(0, Math.min(1, value));
    }
}
