package mobilellm.evaluation;

/// Logarithms of probabilities.
final class LogSoftmax {
    private LogSoftmax() {}

    /// `ln(sum(exp(logit)))`, the largest logit taken out first so that nothing overflows.
    ///
    /// @throws ArithmeticException if a logit is NaN or the largest is infinite
    static double logSum(float[] logits) {
        float largest = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        double logSum = largest + Math.log(sum);
        if (!Double.isFinite(logSum)) {
            throw new ArithmeticException(
                    "the logits are no numbers: the model's weights or a kernel are broken");
        }
        return logSum;
    }
}
