package mobilellm.kernel.vector;

/// Which of two ways to the same product is faster, [LoopProduct] or vectors: found out while both are used, because only the JIT
/// knows when it has compiled the vectors, if it ever does.
///
/// The best time of either counts: one that was interrupted says nothing. Until vectors are faster, an eighth of the time is spent on
/// them, which also is what makes the JIT compile them. One thread uses it.
final class Pace {
    private static final int SHARE = 8;

    private double loops = Double.MAX_VALUE;
    private double vectors = Double.MAX_VALUE;
    private long loopNanos;
    private long vectorNanos;

    /// @param products which of them to use whatever they take
    Pace(Products products) {
        switch (products) {
            case VECTORS -> vectors = 0;
            case LOOPS -> vectorNanos = Long.MAX_VALUE / SHARE;
            case FASTER -> {}
        }
    }

    boolean vectorsAreFaster() {
        return vectors < loops;
    }

    boolean isTurnOfVectors() {
        return vectorNanos * SHARE < loopNanos;
    }

    /// @param ofVectors whether it was vectors that made so many products
    void took(boolean ofVectors, long nanos, long products) {
        double each = nanos / (double) products;
        if (ofVectors) {
            vectorNanos += nanos;
            vectors = Math.min(vectors, each);
        } else {
            loopNanos += nanos;
            loops = Math.min(loops, each);
        }
    }
}
