package mobilellm.evaluation;

/// Sums of numbers and of their squares: their mean and its standard error.
final class Losses {
    private long count;
    private double sum;
    private double squares;

    void add(double loss) {
        count++;
        sum += loss;
        squares += loss * loss;
    }

    long count() {
        return count;
    }

    double mean() {
        return sum / count;
    }

    /// As if the numbers were independent.
    double error() {
        double variance = count < 2 ? 0 : (squares - sum * mean()) / (count - 1);
        return Math.sqrt(Math.max(0, variance) / count);
    }

    Perplexity perplexity() {
        return new Perplexity(count, mean(), error());
    }
}
