package mobilellm.kernel.vector;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;

@Tag("kernels")
class ExponentialTest {
    private static final int COUNT = 1 << 16;

    @Test
    void isWithinTwoUlpOfTheExactValue() {
        float[] x = new float[COUNT];
        for (int range = 0; range < 2; range++) {
            for (int i = 0; i < COUNT; i++) {
                double fraction = i / (COUNT - 1.0);
                x[i] = (float) (range == 0 ? -87 + 175 * fraction : fraction - 0.5);
            }
            float[] result = exponential(x, 1, 0);
            for (int i = 0; i < COUNT; i++) {
                double exact = Math.exp(x[i]);
                double error = Math.abs(result[i] - exact) / Math.ulp((float) exact);
                assertThat(error).as("ulp at %s", x[i]).isLessThanOrEqualTo(2);
            }
        }
    }

    @Test
    void endsAtTheEndsOfItsRange() {
        float[] result =
                exponential(
                        padded(
                                -87.001f,
                                -1000,
                                Float.NEGATIVE_INFINITY,
                                88,
                                89,
                                Float.POSITIVE_INFINITY,
                                0,
                                -0f),
                        1,
                        0);

        assertThat(result).startsWith(0, 0, 0);
        assertThat(result[3]).isFinite().isEqualTo(result[4]).isEqualTo(result[5]);
        assertThat(result[6]).isEqualTo(1);
        assertThat(result[7]).isEqualTo(1);
    }

    @Test
    void scalesAndShiftsItsArgument() {
        float[] result = exponential(padded(4, 8, -4), 0.5f, 2);

        assertThat(result).startsWith(1, (float) Math.exp(2), (float) Math.exp(-4));
    }

    private static float[] padded(float... x) {
        float[] padded = new float[16];
        System.arraycopy(x, 0, padded, 0, x.length);
        return padded;
    }

    private static float[] exponential(float[] x, float scale, float shift) {
        float[] target = new float[x.length];
        Exponential.of(
                MemorySegment.ofArray(x),
                0,
                scale,
                shift,
                MemorySegment.ofArray(target),
                0,
                x.length,
                Lanes.step());
        return target;
    }
}
