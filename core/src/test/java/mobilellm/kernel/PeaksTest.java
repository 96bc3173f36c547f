package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import mobilellm.kernel.machine.Peaks;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

class PeaksTest {
    /// Loops that read outside their memory would end the process: it lies between untouchable pages.
    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1000003", "2, 536870913"})
    void everythingIsMeasuredWhateverTheModelsSize(int threads, long weights) {
        assumeTrue(Kernels.of("machine").isUsable(), "peaks are measured in machine code");
        Peaks peaks = Peaks.measure(threads, weights).orElseThrow();
        assertThat(
                        List.of(
                                peaks.int8Operations(),
                                peaks.floatOperations(),
                                peaks.l1Bytes(),
                                peaks.l2Bytes(),
                                peaks.memoryBytes(),
                                peaks.weightBytes()))
                .allMatch(rate -> rate > 0 && Double.isFinite(rate), "a rate");
        assertThat(peaks.weights())
                .as("whole pieces for each thread")
                .isBetween(1L, Peaks.MEMORY_BYTES)
                .isGreaterThan(Math.min(weights, Peaks.MEMORY_BYTES) - 2 * 512);
        assertThat(peaks.best(peaks)).isEqualTo(peaks);
    }
}
