package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.engine.ContextLengthException;
import mobilellm.sampling.SamplingOptions;
import mobilellm.sampling.TokenLogprob;
import mobilellm.testing.TinyModel;
import mobilellm.tokenizer.Tokenizer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/// What a caller sees of an answer while it is made and afterwards.
class GenerationTest {
    private final MobileLlm model = tinyModel(TinyModel.CONTEXT);
    private final CountDownLatch cancelled = new CountDownLatch(1);

    @AfterEach
    void free() {
        model.close();
    }

    @Test
    void piecesAreTheText() {
        List<String> pieces = new ArrayList<>();
        Generation generation = model.generate("the cat", options().maxTokens(40).build());
        generation.forEach(pieces::add);

        assertThat(pieces).hasSizeGreaterThan(10).doesNotContain("");
        assertThat(String.join("", pieces)).isEqualTo(generation.text());
        assertThat(model.tokenizer().decode(generation.ids(), true)).isEqualTo(generation.text());
        assertThat(generation.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(generation.usage()).isEqualTo(new Usage(5, 40, 0));
        assertThat(generation.timings().prefillTokens()).isEqualTo(5);
        assertThat(generation.timings().decodeTokens()).isEqualTo(39);
        assertThat(generation.timings().decodeTokensPerSecond()).isPositive();
    }

    @Test
    void iteratingAgainGeneratesNothing() {
        Generation generation = model.generate("the cat", options().maxTokens(20).build());
        Iterator<String> first = generation.iterator();
        String beginning = first.next();

        assertThat(generation.stream().toList().getFirst()).isEqualTo(beginning);
        assertThat(generation.ids()).hasSize(20);
        assertThat(first).hasNext();
        assertThat(String.join("", generation)).isEqualTo(generation.text());
    }

    @Test
    void theSameSeedGivesTheSameText() {
        GenerationOptions seed5 =
                options().sampling(SamplingOptions.builder().seed(5).build()).build();
        GenerationOptions seed6 =
                options().sampling(SamplingOptions.builder().seed(6).build()).build();

        String text = model.generate("the", seed5).text();

        assertThat(model.generate("the", seed5).text()).isEqualTo(text);
        assertThat(model.generate("the", seed6).text()).isNotEqualTo(text);
    }

    @Test
    void stopsBeforeAStopStringThatSpansTokens() {
        String text = model.generate("the", options().maxTokens(30).build()).text();
        String stop = text.substring(10, 14);
        List<String> pieces = new ArrayList<>();

        Generation generation =
                model.generate("the", options().maxTokens(30).stop("never", stop).build());
        generation.forEach(pieces::add);

        String before = text.substring(0, text.indexOf(stop));
        assertThat(generation.text()).isEqualTo(before);
        assertThat(String.join("", pieces)).isEqualTo(before);
        assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void endsWhereTheModelSaysSo() {
        int end = model.tokenizer().idOf("<|im_end|>").orElseThrow();
        SamplingOptions endAlways =
                SamplingOptions.greedy().toBuilder().logitBias(Map.of(end, 1000.0)).build();

        Generation generation =
                model.generate("the", GenerationOptions.builder().sampling(endAlways).build());

        assertThat(generation.text()).isEmpty();
        assertThat(generation.ids()).isEmpty();
        assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP);

        Generation ignoring =
                model.generate(
                        "the",
                        GenerationOptions.builder()
                                .sampling(endAlways)
                                .ignoreEos(true)
                                .maxTokens(3)
                                .build());
        assertThat(ignoring.ids()).containsExactly(end, end, end);
        assertThat(ignoring.text()).isEmpty();
        assertThat(ignoring.finishReason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void anotherThreadCancels() throws InterruptedException {
        Generation generation = model.generate("the", options().maxTokens(150).build());
        CountDownLatch begun = new CountDownLatch(1);
        Thread reader =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    for (String piece : generation) {
                                        assertThat(piece).isNotEmpty();
                                        begun.countDown();
                                        awaitCancel(generation);
                                    }
                                });
        begun.await();
        generation.cancel();
        cancelled.countDown();
        reader.join();

        assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(generation.ids()).hasSizeBetween(1, 2);
        assertThat(generation.text()).isNotEmpty();
    }

    private void awaitCancel(Generation generation) {
        try {
            cancelled.await();
        } catch (InterruptedException e) {
            generation.cancel();
        }
    }

    @Test
    void theReaderOfProgressCanStopThePrefill() {
        List<Integer> progress = new ArrayList<>();
        int[] prompt = new int[150];
        Generation generation = model.generate(prompt, options().build());
        generation.onPrefill(
                (done, total) -> {
                    progress.add(done);
                    return done == 0;
                });

        assertThat(generation.text()).isEmpty();
        assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(progress).containsExactly(0, 128);
        assertThat(generation.usage()).isEqualTo(new Usage(150, 0, 0));
    }

    @Test
    void aPromptThatDoesNotFitIsRefusedAtOnce() {
        assertThatThrownBy(() -> model.generate(new int[TinyModel.CONTEXT + 1], options().build()))
                .isInstanceOf(ContextLengthException.class)
                .hasMessageContaining("193 tokens");
    }

    @Test
    void anEmptyPromptIsRefused() {
        assertThatThrownBy(() -> model.generate(""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("empty");
    }

    @Test
    void endsWithTheContext() {
        try (MobileLlm small = tinyModel(20)) {
            Generation generation = small.generate("the cat", options().maxTokens(99).build());

            // The last token needs no position: nothing comes after it.
            assertThat(generation.ids()).hasSize(20 - 5 + 1);
            assertThat(generation.finishReason()).isEqualTo(FinishReason.CONTEXT);
            String unlimited = model.generate("the cat", options().maxTokens(99).build()).text();
            assertThat(unlimited).startsWith(generation.text());
        }
    }

    /// After a shift the model goes on exactly as one that was given the kept ids as its prompt.
    @Test
    void aContextShiftGoesOnFromTheNewerHalf() {
        try (MobileLlm small = tinyModel(20)) {
            int[] prompt = small.ids("the cat");
            GenerationOptions shifting = options().contextShift(true).maxTokens(18).build();

            int[] ids = small.generate(prompt, shifting).ids();

            // 5 prompt ids and 15 generated ones fill the context; the 16th makes room by dropping
            // 8 of 15.
            int[] kept = new int[5 + 7 + 1];
            System.arraycopy(prompt, 0, kept, 0, 5);
            System.arraycopy(ids, 8, kept, 5, 8);
            int[] fresh = model.generate(kept, options().maxTokens(2).build()).ids();
            assertThat(Arrays.copyOfRange(ids, 16, 18)).isEqualTo(fresh);
        }
    }

    @Test
    void aContextShiftGoesOnForEver() {
        try (MobileLlm small = tinyModel(16)) {
            GenerationOptions endless = options().contextShift(true).maxTokens(200).build();

            Generation generation = small.generate("the cat", endless);

            assertThat(generation.ids()).hasSize(200);
            assertThat(generation.finishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void logprobsAreReportedForEachToken() {
        Generation generation = model.generate("the", options().maxTokens(5).logprobs(3).build());

        assertThat(generation.logprobs()).hasSize(5);
        for (int i = 0; i < 5; i++) {
            TokenLogprobs entry = generation.logprobs().get(i);
            assertThat(entry.chosen().id()).isEqualTo(generation.ids()[i]);
            assertThat(entry.top()).hasSize(3);
            assertThat(entry.top().stream().mapToDouble(TokenLogprob::logprob))
                    .isSortedAccordingTo((a, b) -> Double.compare(b, a));
            assertThat(entry.chosen().logprob()).isLessThanOrEqualTo(0);
        }
    }

    @Test
    void aClosedGenerationKeepsWhatItHas() {
        Generation generation = model.generate("the", options().build());
        String beginning = generation.iterator().next();

        generation.close();

        assertThat(generation.text()).isEqualTo(beginning);
        assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
    }

    @Test
    void optionsOutOfRangeAreRefusedByName() {
        assertThatThrownBy(() -> options().maxTokens(-1).build())
                .hasMessageContaining("max tokens");
        assertThatThrownBy(() -> options().logprobs(101).build()).hasMessageContaining("logprobs");
        assertThatThrownBy(() -> options().stop("").build()).hasMessageContaining("stop string");
        assertThatThrownBy(() -> options().keep(-2).build()).hasMessageContaining("keep");
        assertThatThrownBy(() -> LoadOptions.builder().threads(0).build())
                .hasMessageContaining("threads");
        assertThatThrownBy(() -> LoadOptions.builder().contextLength(0).build())
                .hasMessageContaining("context length");
    }

    private static GenerationOptions.Builder options() {
        return GenerationOptions.greedy().toBuilder().ignoreEos(true).maxTokens(60);
    }

    private static MobileLlm tinyModel(int context) {
        Tokenizer tokenizer = TinyModel.tokenizer();
        return MobileLlm.of(
                TinyModel.tensors(),
                TinyModel.config(),
                () -> tokenizer,
                Optional.empty(),
                LoadOptions.builder().kernels("scalar").contextLength(context).build());
    }
}
