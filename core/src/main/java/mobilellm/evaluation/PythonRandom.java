package mobilellm.evaluation;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;

/// The random numbers of Python's `random.Random`, so that examples and resamples are those of lm-evaluation-harness: the
/// Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), seeded and read as CPython does.
final class PythonRandom {
    private static final int SIZE = 624;
    private static final int MIDDLE = 397;

    private final int[] state = new int[SIZE];
    private int next = SIZE;

    /// @param seed at least 0
    PythonRandom(int seed) {
        state[0] = 19_650_218;
        for (int i = 1; i < SIZE; i++) {
            state[i] = mixed(1_812_433_253, i - 1) + i;
        }
        int i = 1;
        for (int k = 0; k < SIZE; k++) {
            state[i] = (state[i] ^ mixed(1_664_525, i - 1)) + seed;
            i = following(i);
        }
        for (int k = 1; k < SIZE; k++) {
            state[i] = (state[i] ^ mixed(1_566_083_941, i - 1)) - i;
            i = following(i);
        }
        state[0] = 0x8000_0000;
    }

    private int mixed(int factor, int index) {
        return factor * (state[index] ^ (state[index] >>> 30));
    }

    private int following(int index) {
        if (index < SIZE - 1) {
            return index + 1;
        }
        state[0] = state[SIZE - 1];
        return 1;
    }

    private int bits() {
        if (next == SIZE) {
            twist();
        }
        int bits = state[next++];
        bits ^= bits >>> 11;
        bits ^= (bits << 7) & 0x9d2c_5680;
        bits ^= (bits << 15) & 0xefc6_0000;
        return bits ^ (bits >>> 18);
    }

    private void twist() {
        for (int i = 0; i < SIZE; i++) {
            int joined = (state[i] & 0x8000_0000) | (state[(i + 1) % SIZE] & 0x7fff_ffff);
            int twisted = (joined >>> 1) ^ ((joined & 1) == 0 ? 0 : 0x9908_b0df);
            state[i] = state[(i + MIDDLE) % SIZE] ^ twisted;
        }
        next = 0;
    }

    /// `random()`: from 0 to below 1, 53 bits.
    double real() {
        int high = bits() >>> 5;
        int low = bits() >>> 6;
        return (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0;
    }

    /// `_randbelow`: from 0 to below `bound`.
    private int below(int bound) {
        int width = Integer.SIZE - Integer.numberOfLeadingZeros(bound);
        int value;
        do {
            value = bits() >>> (Integer.SIZE - width);
        } while (value >= bound);
        return value;
    }

    /// `sample(range(size), count)`.
    ///
    /// @param count at most `size`
    int[] sample(int size, int count) {
        int[] chosen = new int[count];
        // CPython takes a list where a set would need more memory.
        double set =
                21 + (count > 5 ? Math.pow(4, Math.ceil(Math.log(count * 3) / Math.log(4))) : 0);
        if (size <= set) {
            int[] pool = IntStream.range(0, size).toArray();
            for (int i = 0; i < count; i++) {
                int index = below(size - i);
                chosen[i] = pool[index];
                pool[index] = pool[size - i - 1];
            }
            return chosen;
        }
        Set<Integer> taken = new HashSet<>();
        for (int i = 0; i < count; i++) {
            do {
                chosen[i] = below(size);
            } while (!taken.add(chosen[i]));
        }
        return chosen;
    }
}
