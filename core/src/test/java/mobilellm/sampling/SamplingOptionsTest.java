package mobilellm.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;

final class SamplingOptionsTest {
    private static Stream<Arguments> numbers() {
        return Stream.of(
                option("temperature", SamplingOptions.Builder::temperature),
                option("top-p", SamplingOptions.Builder::topP),
                option("min-p", SamplingOptions.Builder::minP),
                option("typical-p", SamplingOptions.Builder::typicalP),
                option("repeat-penalty", SamplingOptions.Builder::repeatPenalty),
                option("frequency-penalty", SamplingOptions.Builder::frequencyPenalty),
                option("presence-penalty", SamplingOptions.Builder::presencePenalty),
                option("logit-bias", (builder, bias) -> builder.logitBias(Map.of(5, bias))));
    }

    private static Arguments option(
            String name,
            BiFunction<SamplingOptions.Builder, Double, SamplingOptions.Builder> setter) {
        return Arguments.of(name, setter);
    }

    @ParameterizedTest
    @MethodSource("numbers")
    void senselessNumbersAreRefusedByName(
            String name,
            BiFunction<SamplingOptions.Builder, Double, SamplingOptions.Builder> setter) {
        for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY, 1e300, -1e300}) {
            var builder = setter.apply(SamplingOptions.builder(), value);
            assertThatIllegalArgumentException()
                    .isThrownBy(builder::build)
                    .withMessageStartingWith(name)
                    .withMessageContaining("between")
                    .withMessageContaining("got " + value);
        }
    }

    @Test
    void edgesOfTheRangesAreAccepted() {
        assertThatCode(
                        () ->
                                SamplingOptions.builder()
                                        .temperature(100)
                                        .topK(Integer.MAX_VALUE)
                                        .topP(0)
                                        .minP(1)
                                        .typicalP(0)
                                        .repeatPenalty(0.01)
                                        .repeatLastN(-1)
                                        .frequencyPenalty(-100)
                                        .presencePenalty(100)
                                        .logitBias(Map.of(0, Double.NEGATIVE_INFINITY))
                                        .seed(-1)
                                        .build())
                .doesNotThrowAnyException();
    }

    @Test
    void negativeCountsAreRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(SamplingOptions.builder().topK(-1)::build)
                .withMessage("top-k must be at least 0, got -1");
        assertThatIllegalArgumentException()
                .isThrownBy(SamplingOptions.builder().repeatLastN(-2)::build)
                .withMessage("repeat-last-n must be at least -1, got -2");
        assertThatIllegalArgumentException()
                .isThrownBy(SamplingOptions.builder().logitBias(Map.of(-3, 1.0))::build)
                .withMessage("logit-bias token id must be at least 0, got -3");
        assertThatIllegalArgumentException()
                .isThrownBy(SamplingOptions.builder().temperature(-0.5)::build)
                .withMessage("temperature (when not 0) must lie between 0.001 and 100, got -0.5");
    }

    @Test
    void aBuilderStartsFromWhatItWasMadeOf() {
        var options =
                SamplingOptions.builder()
                        .temperature(0.3)
                        .topK(5)
                        .topP(0.6)
                        .minP(0.1)
                        .typicalP(0.9)
                        .repeatPenalty(1.2)
                        .repeatLastN(9)
                        .frequencyPenalty(0.1)
                        .presencePenalty(0.2)
                        .penalisePrompt(false)
                        .logitBias(Map.of(1, 2.0))
                        .seed(11)
                        .build();
        assertThat(options.toBuilder().build()).isEqualTo(options);
    }
}
