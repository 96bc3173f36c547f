package mobilellm.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

final class SamplerTest {
    private static final int VOCABULARY = 49_152;

    private static float[] randomLogits(int size, long seed) {
        var random = new Random(seed);
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            logits[i] = (float) (3 * random.nextGaussian());
        }
        return logits;
    }

    private static int[] draw(SamplingOptions options, float[] logits, int count) {
        var sampler = new Sampler(options, logits.length);
        var history = new History();
        for (int i = 0; i < count; i++) {
            history.add(sampler.sample(logits, history));
        }
        return history.toArray();
    }

    /// All kinds of filters, over logits of which many are equal.
    @Test
    void readingOnlyWhatCanMatterChangesNoToken() {
        var random = new Random(31);
        for (int setting = 0; setting < 120; setting++) {
            var options =
                    SamplingOptions.builder()
                            .temperature(setting % 4 == 0 ? 0 : 0.2 + random.nextDouble())
                            .topK(new int[] {0, 1, 3, 40, 256, 600}[setting % 6])
                            .topP(setting % 3 == 0 ? 1 : random.nextDouble())
                            .minP(setting % 5 == 0 ? 0 : 0.1 * random.nextDouble())
                            .typicalP(setting % 7 == 0 ? random.nextDouble() : 1)
                            .repeatPenalty(setting % 11 == 0 ? 1.3 : 1)
                            .logitBias(setting % 13 == 0 ? Map.of(0, 2.5) : Map.of())
                            .seed(setting)
                            .build();
            int size = new int[] {1, 31, 33, 1000, 5000}[setting % 5];
            var all = new Sampler(options, size);
            var few = new Sampler(options, size);
            var history = new History();
            for (int step = 0; step < 12; step++) {
                float[] logits = randomLogits(size, 100 * setting + step);
                for (int id = 0; id < size && setting % 2 == 0; id++) {
                    logits[id] = step == 11 ? 1 : Math.round(2 * logits[id]);
                }
                logits[step % size] = step == 5 && size > 1 ? Float.NEGATIVE_INFINITY : 7;
                int id = all.sample(logits, history);
                assertThat(few.sample(logits, largest(logits), history))
                        .as("%s of %d, step %d", options, size, step)
                        .isEqualTo(id);
                history.add(id);
            }
        }
    }

    @Test
    void brokenLogitsAreNotOverlooked() {
        float[] logits = randomLogits(1000, 1);
        logits[777] = Float.NaN;
        for (var options :
                new SamplingOptions[] {SamplingOptions.greedy(), SamplingOptions.defaults()}) {
            assertThatThrownBy(
                            () ->
                                    new Sampler(options, logits.length)
                                            .sample(logits, largest(logits), new History()))
                    .hasMessageContaining("token 777 is NaN");
        }
    }

    /// The largest of each 32 logits, NaN where one is not finite.
    private static float[] largest(float[] logits) {
        float[] largest = new float[Math.ceilDiv(logits.length, 32)];
        for (int block = 0; block < largest.length; block++) {
            largest[block] = Float.NEGATIVE_INFINITY;
            for (int id = 32 * block; id < Math.min(logits.length, 32 * block + 32); id++) {
                float logit = Float.isFinite(logits[id]) ? logits[id] : Float.NaN;
                largest[block] = Math.max(largest[block], logit);
            }
        }
        return largest;
    }

    /// Stored once: a change means that other people's seeds give other texts.
    private static final int[] SEEDED = {7, 89, 24, 5, 54, 85, 43, 69, 5, 37, 16, 21};

    @Test
    void theSameSeedGivesTheSameTokensForEver() {
        var options = SamplingOptions.builder().temperature(1.3).topK(0).minP(0).seed(42).build();
        float[] logits = new float[100];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = 0.03125f * (37 * i % 100);
        }
        assertThat(draw(options, logits, 12)).containsExactly(SEEDED);
        assertThat(draw(options.toBuilder().seed(43).build(), logits, 12)).isNotEqualTo(SEEDED);
    }

    @Test
    void randomNumbersAreThoseOfThePaper() {
        // First outputs of the reference implementation (prng.di.unimi.it/splitmix64.c) for seed
        // 1234567.
        var random = new SplitMix64(1_234_567);
        assertThat(random.nextLong()).isEqualTo(6_457_827_717_110_365_317L);
        assertThat(random.nextLong()).isEqualTo(3_203_168_211_198_807_973L);
    }

    @Test
    void tokensComeAsOftenAsTheirProbabilitySays() {
        float[] logits = {0f, (float) Math.log(2), (float) Math.log(5), Float.NEGATIVE_INFINITY};
        var plain = SamplingOptions.builder().temperature(1).topK(0).topP(1).minP(0).build();
        int[] ids = draw(plain, logits, 80_000);
        for (int id = 0; id < logits.length; id++) {
            int wanted = id;
            long count = IntStream.of(ids).filter(drawn -> drawn == wanted).count();
            assertThat(count / 80_000.0).isCloseTo(Math.exp(logits[id]) / 8, within(0.005));
        }
    }

    @Test
    void greedyTakesTheLargestAndTheLowestIdAmongEquals() {
        assertThat(draw(SamplingOptions.greedy(), new float[] {1, 5, 2, 5, 5}, 3)).containsOnly(1);
    }

    @Test
    void greedyObeysBiasAndPenalties() {
        float[] logits = {1, 5, 4, 3};
        var banned =
                SamplingOptions.greedy().toBuilder()
                        .logitBias(Map.of(1, Double.NEGATIVE_INFINITY))
                        .build();
        assertThat(draw(banned, logits, 2)).containsExactly(2, 2);
        var penalised = SamplingOptions.greedy().toBuilder().repeatPenalty(2).build();
        assertThat(draw(penalised, logits, 4)).containsExactly(1, 2, 3, 1);
        assertThat(logits).as("the caller's logits").containsExactly(1, 5, 4, 3);
    }

    @Test
    void greedyIsTheLimitOfAnyChain() {
        float[] logits = randomLogits(1000, 3);
        int best = draw(SamplingOptions.greedy(), logits, 1)[0];
        var chain = SamplingOptions.builder().temperature(0.001).topK(7).topP(0.3).minP(0.5);
        assertThat(draw(chain.build(), logits, 3)).containsOnly(best);
    }

    @Test
    void allTokensOfEqualWeightCanBeSelected() {
        for (double share : new double[] {0, 0.3, 0.5, 0.9}) {
            var options = SamplingOptions.builder().topK(0).typicalP(share).topP(share).build();
            for (int size : new int[] {1, 2, 3, 7, 49}) {
                assertThat(draw(options, new float[size], 20))
                        .matches(ids -> IntStream.of(ids).allMatch(id -> id >= 0 && id < size));
            }
        }
    }

    @Test
    void nothingIsAllocatedForAToken() {
        var options =
                SamplingOptions.builder().typicalP(0.95).repeatPenalty(1.1).repeatLastN(-1).build();
        var sampler = new Sampler(options, VOCABULARY);
        var history = new History(1000);
        float[] logits = randomLogits(VOCABULARY, 1);
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20; i++) {
            history.add(sampler.sample(logits, history));
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20; i++) {
            history.add(sampler.sample(logits, history));
        }
        // The counter itself may cost a few bytes; one array of the vocabulary would be 196,608.
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1000);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void brokenLogitsAreNamed(float broken) {
        float[] logits = randomLogits(50, 2);
        logits[31] = broken;
        for (var options :
                new SamplingOptions[] {SamplingOptions.greedy(), SamplingOptions.defaults()}) {
            assertThatThrownBy(() -> draw(options, logits, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("token 31")
                    .hasMessageContaining(String.valueOf(broken));
        }
        assertThatThrownBy(() -> Sampler.topLogprobs(logits, 3)).hasMessageContaining("token 31");
    }

    @Test
    void aVocabularyWithoutAChoiceIsAnError() {
        float[] logits = {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY};
        assertThatThrownBy(() -> draw(SamplingOptions.defaults(), logits, 1))
                .hasMessageContaining("no token is left");
    }

    @Test
    void wrongSizesAreNamed() {
        var sampler = new Sampler(SamplingOptions.defaults(), 10);
        assertThatThrownBy(() -> sampler.sample(new float[9], new History()))
                .hasMessageContaining("expected 10 logits")
                .hasMessageContaining("got 9");
        var biased = SamplingOptions.builder().logitBias(Map.of(10, 1.0)).build();
        assertThatThrownBy(() -> new Sampler(biased, 10))
                .hasMessageContaining("logit-bias token id 10")
                .hasMessageContaining("vocabulary of 10");
    }

    @Test
    void topLogprobsAreTheModelsOwn() {
        float[] logits = {0f, (float) Math.log(3), (float) Math.log(4), 0f};
        var top = Sampler.topLogprobs(logits, 3);
        assertThat(top).extracting(TokenLogprob::id).containsExactly(2, 1, 0);
        assertThat(top.getFirst().logprob()).isCloseTo(Math.log(4 / 9.0), within(1e-6));
        assertThat(Sampler.logprob(logits, 3).logprob()).isCloseTo(-Math.log(9), within(1e-6));
        assertThat(Sampler.topLogprobs(logits, 99)).hasSize(4);
        assertThat(Sampler.topLogprobs(logits, 0)).isEmpty();
    }
}
