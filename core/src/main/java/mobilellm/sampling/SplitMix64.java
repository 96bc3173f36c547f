package mobilellm.sampling;

/// The generator of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): a counter with an
/// odd step, whose bits are then mixed. Own code, because the algorithms behind `java.util.random` are not all
/// promised to stay as they are, and a seed must give the same text for as long as the program lives.
final class SplitMix64 {
    private static final long STEP = 0x9E3779B97F4A7C15L;
    private static final double UNIT = 0x1p-53;

    private long state;

    SplitMix64(long seed) {
        state = seed;
    }

    long nextLong() {
        state += STEP;
        long bits = state;
        bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
        return bits ^ (bits >>> 31);
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    double nextDouble() {
        return (nextLong() >>> 11) * UNIT;
    }
}
