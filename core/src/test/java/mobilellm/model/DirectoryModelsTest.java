package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.config.KvType;
import mobilellm.kernel.Kernels;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// From the files of every layout to logits: configuration, weights and their order, all of them right or none. Prints what
/// docs/models.md says.
class DirectoryModelsTest {
    @ParameterizedTest
    @CsvSource({
        "plain-96x4/safetensors, none",
        "plain-96x4/safetensors-sharded, none",
        "plain-96x4/bin, none",
        "plain-96x4/gguf-f16, none",
        "ls-192x2/safetensors, immediate-x2.own",
        "ls-192x2/bin, immediate-x2.own",
        "untied-96x2/safetensors, none",
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
        Path path = Shared.path("fixtures/models/" + layout);
        JsonRow sequences = JsonRow.read(path.resolveSibling("expected.json")).row("sequences");
        ReferenceTensors stored =
                ReferenceTensors.read(path.resolveSibling("expected.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(path);
                RunningModel vector =
                        new RunningModel(checkpoint.tensors(), checkpoint.config(), "vector", 2);
                RunningModel best =
                        new RunningModel(checkpoint.tensors(), checkpoint.config(), "auto", 2)) {
            Reference reference = new Reference(checkpoint.tensors(), checkpoint.config());
            double worstReference = 0;
            double worstVector = 0;
            double worstBest = 0;
            for (String length : List.of("len7", "len33")) {
                int[] ids = sequences.ids(length);
                double[][] expected = stored.rows(plan + "." + length + ".logits_f64");
                double[][] exact = reference.logits(ids);
                assertThat(exact).hasDimensions(expected.length, expected[0].length);
                for (int row = 0; row < expected.length; row++) {
                    for (int i = 0; i < expected[row].length; i++) {
                        worstReference =
                                Math.max(
                                        worstReference, Math.abs(exact[row][i] - expected[row][i]));
                    }
                }
                worstVector = Math.max(worstVector, distance(vector, ids, expected));
                worstBest = Math.max(worstBest, distance(best, ids, expected));
            }
            System.out.printf(
                    Locale.ROOT,
                    "logits: %s, %s: reference %.1e, vector kernels %.1e, %s kernels %.1e%n",
                    layout,
                    checkpoint.format(),
                    worstReference,
                    worstVector,
                    Kernels.best().name(),
                    worstBest);
            assertThat(worstReference).isLessThan(1e-10);
            assertThat(worstVector).isLessThan(5e-4);
            assertThat(worstBest).isLessThan(5e-4);
        }
    }

    /// The largest difference of a logit, keys and values in F32.
    private static double distance(RunningModel model, int[] ids, double[][] expected) {
        float[][] logits = model.logits(new int[][] {ids}, ids.length, KvType.F32)[0];
        double worst = 0;
        for (int row = 0; row < expected.length; row++) {
            for (int i = 0; i < expected[row].length; i++) {
                worst = Math.max(worst, Math.abs(logits[row][i] - expected[row][i]));
            }
        }
        return worst;
    }
}
