package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Path;

/// From the files of a model directory to logits: configuration, weights and their order, all of them right or none.
class DirectoryModelsTest {
    @ParameterizedTest
    @CsvSource({
        "plain-96x4/safetensors-sharded, none",
        "plain-96x4/bin, none",
        "ls-192x2/bin, immediate-x2.own",
        "untied-96x2/bin-legacy, none",
        "untied-96x2/bin-sharded, none",
        "relu-80x3/safetensors, none",
        "llama-rope-llama3/hf, none",
        "llama-rope-linear/hf, none",
        "llama-all-bias/hf, none",
        "qwen2-qkv-bias/hf, none",
        "qwen3-qk-norm/hf, none",
        "llama4-r1-like/hf, none"
    })
    void givesTheLogitsOfTransformers(String layout, String plan) throws IOException {
        Path directory = Shared.path("fixtures/models/" + layout);
        JsonRow expected = JsonRow.read(directory.resolveSibling("expected.json"));
        double[][] logits =
                ReferenceTensors.read(directory.resolveSibling("expected.safetensors"))
                        .rows(plan + ".len7.logits_f64");
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Reference reference = new Reference(checkpoint.tensors(), checkpoint.config());
            double[][] actual = reference.logits(expected.row("sequences").ids("len7"));
            assertThat(actual).hasDimensions(logits.length, logits[0].length);
            for (int row = 0; row < logits.length; row++) {
                assertThat(actual[row]).containsExactly(logits[row], within(1e-10));
            }
        }
    }
}
