package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.engine.ContextLengthException;
import mobilellm.sampling.SamplingOptions;
import mobilellm.testing.TinyModel;
import mobilellm.tokenizer.Tokenizer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Texts that are generated together are those that each would be alone.
class GenerationBatchTest {
    private static final List<String> PROMPTS =
            List.of("the cat", "a", "what is " + "it ".repeat(40), "the cat sat", "z", "the dog");

    private MobileLlm model = tinyModel("vector");

    @AfterEach
    void free() {
        model.close();
    }

    @ParameterizedTest
    @CsvSource({"vector, 0, 3", "vector, 1, 3", "vector, 1.5, 6", "scalar, 1, 2", "vector, 1, 1"})
    void everyTextIsTheOneThatItWouldBeAlone(String kernels, double temperature, int streams) {
        model.close();
        model = tinyModel(kernels);
        List<Generation> answers = new ArrayList<>();
        try (GenerationBatch batch = model.batch(streams)) {
            int next = 0;
            int ended = 0;
            while (next < PROMPTS.size() || !batch.isEmpty()) {
                while (next < PROMPTS.size() && batch.hasRoom()) {
                    int[] prompt = model.ids(PROMPTS.get(next));
                    answers.add(batch.add(prompt, options(temperature, next)));
                    next++;
                }
                ended += batch.step().size();
            }
            assertThat(ended).isEqualTo(PROMPTS.size());
        }
        for (int i = 0; i < PROMPTS.size(); i++) {
            Generation alone = model.generate(PROMPTS.get(i), options(temperature, i));
            Generation together = answers.get(i);
            assertThat(together.ids()).isEqualTo(alone.ids());
            assertThat(together.text()).isEqualTo(alone.text());
            assertThat(together.finishReason()).isEqualTo(alone.finishReason());
            assertThat(together.logprobs()).isEqualTo(alone.logprobs());
            assertThat(together.usage().promptTokens()).isEqualTo(alone.usage().promptTokens());
            assertThat(together.timings().decodeTokens()).isEqualTo(alone.timings().decodeTokens());
        }
    }

    /// Lengths differ, so that texts leave at different steps.
    private static GenerationOptions options(double temperature, int index) {
        return GenerationOptions.builder()
                .maxTokens(10 + 4 * index)
                .logprobs(1)
                .sampling(SamplingOptions.builder().temperature(temperature).seed(index).build())
                .build();
    }

    @Test
    void whatAStreamHasReadIsNotReadAgain() {
        try (GenerationBatch batch = model.batch(1)) {
            batch.add(model.ids("a long beginning, then x"), options(0, 0));
            finish(batch);
            Generation second = batch.add(model.ids("a long beginning, then y"), options(0, 0));
            finish(batch);
            assertThat(second.usage().cachedTokens()).isEqualTo(second.usage().promptTokens() - 1);
        }
    }

    @Test
    void aTextThatIsCancelledOrRefusedLeavesTheOthersAlone() {
        try (GenerationBatch batch = model.batch(3)) {
            Generation whole = batch.add(model.ids("the cat"), options(0, 5));
            Generation cut = batch.add(model.ids("the dog"), options(0, 5));
            batch.step();
            batch.step();
            cut.cancel();
            assertThat(batch.step()).containsExactly(cut);
            assertThat(cut.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThatThrownBy(() -> batch.add(new int[TinyModel.CONTEXT + 1], options(0, 5)))
                    .isInstanceOf(ContextLengthException.class);
            assertThatThrownBy(() -> batch.add(new int[] {-1}, options(0, 5)))
                    .hasMessageContaining("token id -1");
            finish(batch);
            assertThat(whole.text()).isEqualTo(model.generate("the cat", options(0, 5)).text());
        }
    }

    @Test
    void thereIsAnEndToTheRoom() {
        try (GenerationBatch batch = model.batch(1)) {
            batch.add(new int[] {1}, options(0, 0));
            assertThat(batch.hasRoom()).isFalse();
            assertThatThrownBy(() -> batch.add(new int[] {2}, options(0, 0)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("all 1 streams are taken");
        }
        assertThatThrownBy(() -> model.batch(0)).hasMessageContaining("1 to 384 streams, got 0");
        assertThatThrownBy(() -> model.batch(385)).hasMessageContaining("got 385");
    }

    private static void finish(GenerationBatch batch) {
        while (!batch.isEmpty()) {
            batch.step();
        }
    }

    private static MobileLlm tinyModel(String kernels) {
        Tokenizer tokenizer = TinyModel.tokenizer();
        return MobileLlm.of(
                TinyModel.tensors(),
                TinyModel.config(),
                () -> tokenizer,
                Optional.of(TinyModel.TEMPLATE),
                LoadOptions.builder().kernels(kernels).build());
    }
}
