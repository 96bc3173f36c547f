package mobilellm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.engine.Likelihood;
import mobilellm.evaluation.Measurement.Sample;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Pair;
import mobilellm.evaluation.task.Question;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// Metrics of known log-likelihoods: those that lm-evaluation-harness's own tests expect of pythia-70m.
class MeasurementTest {
    private static final double[][] ARC = {
        {-41.9024, -42.9393, -33.9142, -37.0714},
        {-22.9526, -20.3422, -14.8184, -27.9429},
        {-15.8070, -15.9364, -13.0520, -18.0483},
        {-13.3450, -13.3660, -12.1271, -11.8725},
        {-47.1060, -47.7641, -36.4407, -50.0289},
        {-16.7209, -18.5356, -26.4699, -20.3560},
        {-17.7579, -21.8060, -33.1991, -39.2864},
        {-14.7597, -16.7539, -11.4869, -15.4218},
        {-13.1580, -15.8874, -15.2861, -12.3391},
        {-44.5944, -55.4089, -52.7005, -55.2509}
    };
    private static final int[][] LENGTHS = {
        {59, 54, 50, 43},
        {14, 14, 13, 10},
        {11, 10, 12, 11},
        {4, 4, 4, 4},
        {50, 57, 56, 63},
        {6, 10, 11, 18},
        {10, 22, 22, 31},
        {6, 11, 5, 10},
        {5, 9, 5, 6},
        {49, 53, 51, 51}
    };
    private static final int[] GOLD = {0, 1, 3, 3, 1, 2, 0, 2, 2, 0};
    private static final double[] PAGES = {
        -3603.6328, -19779.2397, -8834.1646, -27967.5918, -7636.7950,
        -9491.9351, -41043.4248, -8397.6898, -45969.4716, -7158.9063
    };
    private static final int[] WORDS = {
        1093, 4751, 2434, 7104, 2025, 2425, 10259, 2250, 10762, 1745
    };
    private static final int[] BYTES = {
        5667, 24540, 12300, 35979, 10637, 12603, 54583, 11084, 58619, 9307
    };

    private static Question.Choice question(int document) {
        List<String> choices = IntStream.of(LENGTHS[document]).mapToObj("x"::repeat).toList();
        List<Pair> pairs = choices.stream().map(choice -> new Pair("q", " " + choice)).toList();
        return new Question.Choice(choices, pairs, List.of(), GOLD[document]);
    }

    private static Answer answer(double... likelihoods) {
        return new Answer.Likelihoods(
                DoubleStream.of(likelihoods).mapToObj(sum -> new Likelihood(sum, false)).toList());
    }

    @ParameterizedTest
    @CsvSource({"ACC, 2 2 2 3 2 0 0 2 3 0, 0.4", "ACC_NORM, 2 2 2 3 2 3 1 1 1 0, 0.2"})
    void choicesArePredictedAsTheHarnessDoes(Metric metric, String predictions, double score) {
        List<Sample> samples = new ArrayList<>();
        List<String> best = new ArrayList<>();
        for (int i = 0; i < ARC.length; i++) {
            best.add("" + answer(ARC[i]).best(metric, question(i)));
            samples.add(answer(ARC[i]).sample(metric, question(i)));
        }
        assertThat(String.join(" ", best)).isEqualTo(predictions);
        Measurement measured = Measurement.of(metric, samples);
        assertThat(measured.value()).isEqualTo(score);
        assertThat(measured.error().orElseThrow())
                .isCloseTo(Math.sqrt(score * (1 - score) / 9), within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({
        "WORD_PERPLEXITY, 55.19900, 1e-4",
        "BYTE_PERPLEXITY, 2.147751, 1e-6",
        "BITS_PER_BYTE, 1.102827, 1e-6"
    })
    void pagesAreWeightedByTheirLength(Metric metric, double expected, double tolerance) {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < PAGES.length; i++) {
            Question.Page page = new Question.Page("", WORDS[i], BYTES[i]);
            samples.add(answer(PAGES[i]).sample(metric, page));
        }
        Measurement measured = Measurement.of(metric, samples);
        assertThat(measured.value()).isCloseTo(expected, within(tolerance));
        assertThat(measured.error()).isEmpty();
    }

    @Test
    void lengthsAreCodePointsOrBytes() {
        Question.Choice choice =
                new Question.Choice(List.of("\ud83d\ude00", "ab"), List.of(), List.of(), 0);
        // One character, two UTF-16 units, four bytes against two of each.
        assertThat(answer(-4, -7).best(Metric.ACC_NORM, choice)).isEqualTo(1);
        assertThat(answer(-4, -3).best(Metric.ACC_BYTES, choice)).isZero();
        assertThat(answer(-4, -4).best(Metric.ACC, choice)).isZero();
        assertThat(answer(-4, -7).margin(Metric.ACC_NORM, choice)).isCloseTo(1.0, within(1e-12));
        assertThat(answer(-4, -7).margin(Metric.ACC, choice)).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                " Sunset Boulevard! | EXACT_MATCH | 1",
                "the Sunset  Boulevard | EXACT_MATCH | 0",
                "the Sunset  Boulevard | LOOSE_MATCH | 1",
                "Sunset | LOOSE_MATCH | 0"
            })
    void writtenAnswersAreComparedWithoutPunctuation(String text, Metric metric, double expected) {
        Question open = new Question.Open("", List.of(), 1, List.of("Blvd", "sunset boulevard."));
        assertThat(new Answer.Written(text).sample(metric, open).value()).isEqualTo(expected);
    }

    /// The numbers are CPython's.
    @Test
    void randomNumbersAreThoseOfPython() {
        PythonRandom random = new PythonRandom(1234);
        assertThat(random.real()).isEqualTo(0.9664535356921388);
        assertThat(random.real()).isEqualTo(0.4407325991753527);
        assertThat(new PythonRandom(0).real()).isEqualTo(0.8444218515250481);
        assertThat(new PythonRandom(1234).sample(500, 6)).containsExactly(494, 398, 225, 59, 3, 46);
        assertThat(new PythonRandom(1234).sample(20, 6)).containsExactly(14, 3, 0, 2, 1, 10);
        assertThat(new PythonRandom(7).sample(2376, 5)).containsExactly(1326, 617, 1617, 197, 296);
        PythonRandom again = new PythonRandom(99);
        again.sample(1000, 3);
        again.sample(1000, 3);
        assertThat(again.sample(1000, 3)).containsExactly(254, 136, 778);
    }

    /// The error of a perplexity is that of the mean times the perplexity, to first order.
    @Test
    void theErrorOfAPerplexityIsResampled() {
        double[] values = IntStream.range(0, 60).mapToDouble(i -> -2 - (i % 7) / 5.0).toArray();
        List<Sample> samples =
                Arrays.stream(values).mapToObj(value -> new Sample(value, 1)).toList();
        Measurement measured = Measurement.of(Metric.PERPLEXITY, samples);
        double error = Measurement.deviation(values) / Math.sqrt(60);
        assertThat(measured.error().orElseThrow())
                .isCloseTo(measured.value() * error, within(0.05 * measured.value() * error))
                .isEqualTo(Measurement.of(Metric.PERPLEXITY, samples).error().orElseThrow());
    }
}
