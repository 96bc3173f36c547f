package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.GgufBuilder;
import mobilellm.tokenizer.TrainedVocabulary;
import mobilellm.tokenizer.VocabularyPlan;
import mobilellm.tokenizer.VocabularyTrainer;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A vocabulary that was learnt gives the same ids when a GGUF file holds it.
class TrainedVocabularyTest {
    private static final String TEXT = "The cat sat on the mat. A bat, a rat and 12 hats!";

    private static Stream<VocabularyPlan.Form> forms() {
        return Stream.of(
                new VocabularyPlan.ByteLevel("smollm"), new VocabularyPlan.SentencePiece(1));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void isTheSameInGguf(VocabularyPlan.Form form, @TempDir Path folder) throws IOException {
        var plan =
                new VocabularyPlan(
                        form,
                        320,
                        List.of("<s>", "</s>"),
                        Optional.of("<s>"),
                        Optional.of("</s>"),
                        true,
                        2);
        var trainer = new VocabularyTrainer(plan, 2);
        trainer.count(Collections.nCopies(3, TEXT).iterator());
        TrainedVocabulary learnt = trainer.train();
        Path file = model(learnt).write(folder.resolve("model.gguf"));
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            for (String text : List.of(TEXT, "cats and hats 日本\n", "")) {
                int[] ids = checkpoint.tokenizer().encode(text, false);
                assertThat(ids).isEqualTo(learnt.tokenizer().encode(text, false));
                assertThat(checkpoint.tokenizer().decode(ids, false)).isEqualTo(text);
            }
            assertThat(checkpoint.tokenizer().bos()).isEqualTo(learnt.tokenizer().bos());
            assertThat(checkpoint.tokenizer().addBos()).isTrue();
        }
    }

    private static GgufBuilder model(TrainedVocabulary learnt) {
        int size = learnt.tokenizer().vocabularySize();
        GgufBuilder file = TinyModel.metadata("llama", 1).uint32("llama.vocab_size", size);
        switch (learnt) {
            case TrainedVocabulary.ByteLevel(var vocabulary, _) ->
                    file.text("tokenizer.ggml.model", "gpt2")
                            .text("tokenizer.ggml.pre", vocabulary.preTokenizer())
                            .texts("tokenizer.ggml.tokens", vocabulary.tokens())
                            .integers("tokenizer.ggml.token_type", vocabulary.tokenTypes())
                            .texts("tokenizer.ggml.merges", vocabulary.merges());
            case TrainedVocabulary.SentencePiece(var vocabulary, _) -> {
                GgufBuilder.Bytes scores = new GgufBuilder.Bytes().u32(6).u64(size);
                for (float score : vocabulary.scores()) {
                    scores.f32(score);
                }
                file.text("tokenizer.ggml.model", "llama")
                        .texts("tokenizer.ggml.tokens", vocabulary.pieces())
                        .integers("tokenizer.ggml.token_type", vocabulary.types())
                        .pair("tokenizer.ggml.scores", 9, scores);
            }
        }
        file.uint32("tokenizer.ggml.bos_token_id", learnt.tokenizer().bos().orElseThrow())
                .uint32("tokenizer.ggml.eos_token_id", learnt.tokenizer().eos().orElseThrow())
                .flag("tokenizer.ggml.add_bos_token", learnt.tokenizer().addBos());
        TinyModel.matrix(file, "token_embd.weight", size, TinyModel.HIDDEN);
        TinyModel.block(file, "blk.0.");
        return TinyModel.norm(file, "output_norm.weight");
    }
}
