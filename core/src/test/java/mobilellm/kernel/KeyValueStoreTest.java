package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import mobilellm.tensor.DType;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.util.Random;

/// What a key/value store gives back of what kernels put in.
@Tag("kernels")
class KeyValueStoreTest {
    private static final int HEADS = 3;
    private static final int POSITIONS = KeyValueStore.PAGE + 17;

    private final Arena arena = Arena.ofShared();
    private final ThreadTeam team = new ThreadTeam(2);
    private final Random random = new Random(14);

    @AfterEach
    void close() {
        team.close();
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({"F32, 24", "F16, 24", "F32, 64", "F16, 64", "Q8_0, 32", "Q8_0, 64", "Q8_0, 96"})
    void allKernelsStoreTheSameBits(DType type, int headDim) {
        Activations keys = extremes(headDim);
        Activations values = extremes(headDim);
        try (KeyValueStore expected = store(type, headDim)) {
            for (int position = 0; position < POSITIONS; position++) {
                expected.write(1, position, keys, values, position);
            }
            for (KernelProvider provider : Kernels.usable()) {
                try (KeyValueStore actual = store(type, headDim)) {
                    Operations operations = provider.open(2, arena);
                    team.run(
                            worker ->
                                    operations.store(
                                            keys, values, rows(actual), POSITIONS, 1, worker));
                    for (int page = 0; page < POSITIONS; page += KeyValueStore.PAGE) {
                        assertThat(actual.page(page).mismatch(expected.page(page)))
                                .as("%s, positions from %d on", provider.name(), page)
                                .isEqualTo(-1);
                    }
                }
            }
        }
    }

    /// Half a step of a 127th of the largest of each 32, and what the scale loses as f16: 1/2048 of it, 127/2048 steps at most.
    @Test
    void bytesAreTheNearestWithTheirScale() {
        Activations keys = gaussian(64);
        Activations values = gaussian(64);
        try (KeyValueStore store = store(DType.Q8_0, 64)) {
            for (int position = 0; position < POSITIONS; position++) {
                store.write(0, position, keys, values, position);
            }
            for (int position = 0; position < POSITIONS; position++) {
                for (int column = 0; column < HEADS * 64; column++) {
                    int head = column / 64;
                    int first = column / 32 * 32;
                    int i = column % 64;
                    assertThat(store.key(0, head, position, i))
                            .isCloseTo(keys.get(position, column), step(keys, position, first));
                    assertThat(store.value(0, head, position, i))
                            .isCloseTo(values.get(position, column), step(values, position, first));
                }
            }
        }
    }

    private static Offset<Float> step(Activations x, int row, int first) {
        float largest = 0;
        for (int i = first; i < first + 32; i++) {
            largest = Math.max(largest, Math.abs(x.get(row, i)));
        }
        return within(largest / 127 * 0.57f);
    }

    @Test
    void headsThatAreNoMultipleOf32AreNotQuantised() {
        assertThatThrownBy(() -> store(DType.Q8_0, 24))
                .hasMessageContaining("multiple of 32, got 24");
    }

    private static KeyValueStore store(DType type, int headDim) {
        KeyValueStore store = new KeyValueStore(2, HEADS, headDim, POSITIONS, type);
        store.reserve(POSITIONS);
        return store;
    }

    private static Sequences rows(KeyValueStore store) {
        return new Sequences() {
            @Override
            public KeyValueStore store(int row) {
                return store;
            }

            @Override
            public int position(int row) {
                return row;
            }
        };
    }

    private Activations gaussian(int headDim) {
        Activations x = new Activations(arena, POSITIONS, HEADS * headDim);
        for (int r = 0; r < POSITIONS; r++) {
            for (int i = 0; i < x.columns(); i++) {
                x.set(r, i, (float) random.nextGaussian());
            }
        }
        return x;
    }

    /// Zeros, ties of rounding, numbers too small for a scale, subnormals, infinities.
    private Activations extremes(int headDim) {
        Activations x = gaussian(headDim);
        for (int i = 0; i < x.columns(); i++) {
            x.set(0, i, 0);
            x.set(1, i, i % 32 == 5 ? 127 : i % 32 - 15.5f);
            x.set(2, i, Float.MIN_VALUE * (i % 7 - 3));
            x.set(3, i, x.get(3, i) * 1e-30f);
            x.set(4, i, i % 9 == 0 ? Float.POSITIVE_INFINITY : -i);
            x.set(5, i, i % 9 == 0 ? Float.NEGATIVE_INFINITY : i);
            x.set(6, i, i % 2 == 0 ? 127 : -127);
            x.set(7, i, x.get(7, i) * 1e35f);
        }
        return x;
    }
}
