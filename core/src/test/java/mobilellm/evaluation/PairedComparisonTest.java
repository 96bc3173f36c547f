package mobilellm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.List;

class PairedComparisonTest {
    /// 100 documents: 40 right in both, 12 only in the first, 4 only in the second.
    private static PairedComparison known() {
        double[] first = new double[100];
        double[] second = new double[100];
        Arrays.fill(first, 0, 52, 1);
        Arrays.fill(second, 0, 40, 1);
        Arrays.fill(second, 52, 56, 1);
        return PairedComparison.of(first, second);
    }

    /// P(at most 4 heads of 16) = 2517 / 65536.
    @Test
    void aDifferenceIsTestedByDocumentsThatDiffer() {
        PairedComparison compared = known();
        assertThat(compared.onlyFirst()).isEqualTo(12);
        assertThat(compared.onlySecond()).isEqualTo(4);
        assertThat(compared.difference()).isCloseTo(-0.08, within(1e-12));
        assertThat(compared.pValue()).isCloseTo(2 * 2517 / 65536.0, within(1e-12));
        double variance = (16 - 100 * 0.08 * 0.08) / 99;
        assertThat(compared.error()).isCloseTo(Math.sqrt(variance / 100), within(1e-12));
        assertThat(compared.low())
                .isCloseTo(-0.08 - 1.96 * compared.error(), within(0.011))
                .isLessThan(compared.high());
        assertThat(compared.high()).isCloseTo(-0.08 + 1.96 * compared.error(), within(0.011));
        // (1.96 + 0.84)^2 * 0.155 / 0.005^2
        assertThat(compared.needed(0.005).orElseThrow()).isBetween(48_000L, 50_000L);
        assertThat(known()).isEqualTo(compared);
    }

    /// Differences of -8 and 0 points, the second of which is certain.
    @Test
    void theMeanOfTasksCountsEachOnce() {
        double[] same = new double[10];
        PairedComparison equal = PairedComparison.of(same, same);
        PairedComparison.Mean mean = PairedComparison.mean(List.of(known(), equal));
        assertThat(mean.documents()).isEqualTo(110);
        assertThat(mean.difference()).isCloseTo(-0.04, within(1e-12));
        assertThat(mean.error()).isCloseTo(known().error() / 2, within(1e-12));
        assertThat(mean.high()).isCloseTo(-0.04 + 1.96 * mean.error(), within(1e-5));
        assertThat(mean.low()).isCloseTo(-0.04 - 1.96 * mean.error(), within(1e-5));
        assertThat(mean.needed(0.005).orElseThrow()).isBetween(13_000L, 14_000L);
    }

    @Test
    void equalRunsDoNotDiffer() {
        double[] same = {1, 0, 1};
        PairedComparison compared = PairedComparison.of(same, same);
        assertThat(compared.pValue()).isEqualTo(1);
        assertThat(compared.error()).isZero();
        assertThat(compared.low()).isZero();
        assertThat(compared.needed(0.005)).isEmpty();
        assertThatThrownBy(() -> PairedComparison.of(same, new double[] {1, 0}))
                .hasMessageContaining("got 3 and 2");
    }
}
