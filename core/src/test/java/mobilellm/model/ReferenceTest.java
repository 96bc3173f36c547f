package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.config.LayerSharing;
import mobilellm.config.LayerSharing.Cache;
import mobilellm.config.LayerSharing.Strategy;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// The oracle against PyTorch.
class ReferenceTest {
    private static final Path PLAIN = Path.of("fixtures/models/plain-96x4");

    @ParameterizedTest
    @ValueSource(strings = {"len1", "len7", "len33"})
    void logitsEqualPyTorchInFloat64(String length) throws IOException {
        double[][] expected = expected().rows("none." + length + ".logits_f64");

        double[][] logits = plain(LayerSharing.NONE).logits(sequence(length));

        assertClose(logits, expected, 1e-9);
    }

    @Test
    void logitsEqualPyTorchAtTheEndOfALongerSequence() throws IOException {
        double[][] expected = expected().rows("none.len130.logits_f64");

        double[][] logits = plain(LayerSharing.NONE).logits(sequence("len130"));

        assertClose(lastRows(logits, expected.length), expected, 1e-9);
    }

    /// Other plans are stored in 32 bits.
    @ParameterizedTest
    @CsvSource({
        "immediate-x2.own, IMMEDIATE, 2, OWN",
        "immediate-x2.first-visit, IMMEDIATE, 2, FIRST_VISIT",
        "repeat-all-over-x2.own, REPEAT_ALL_OVER, 2, OWN",
        "repeat-all-over-x2.first-visit, REPEAT_ALL_OVER, 2, FIRST_VISIT",
        "reverse-x2.own, REVERSE, 2, OWN",
        "reverse-x2.first-visit, REVERSE, 2, FIRST_VISIT",
    })
    void logitsEqualPyTorchWithSharedLayers(
            String plan, Strategy strategy, int repeats, Cache cache) throws IOException {
        double[][] expected = expected().rows(plan + ".len33.logits");
        Reference reference = plain(new LayerSharing(strategy, repeats, cache));

        double[][] logits = reference.logits(sequence("len33"));

        assertClose(logits, expected, 1e-6);
    }

    @Test
    void residualStreamEqualsPyTorchAfterEachVisit() throws IOException {
        ReferenceTensors expected = expected();
        Reference reference = plain(new LayerSharing(Strategy.IMMEDIATE, 2, Cache.FIRST_VISIT));

        List<double[][]> states = reference.hiddenStates(sequence("len7"));

        assertThat(states).hasSize(9);
        for (int visit = 0; visit < 8; visit++) {
            String name = "immediate-x2.first-visit.trace.visit%d.out".formatted(visit);
            assertClose(states.get(visit + 1), expected.rows(name), 1e-5);
        }
    }

    /// What llama2.c prints with temperature 0; it begins with BOS.
    @Test
    void tellsTheStory() throws IOException {
        String expected =
                Files.readString(Shared.path("data/weights/stories260K/expected_greedy_n200.txt"));
        Path model = Shared.path("data/weights/stories260K/stories260K.f32.gguf");
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            Reference reference = new Reference(checkpoint.tensors(), checkpoint.config());
            List<?> vocabulary =
                    (List<?>)
                            checkpoint.metadata().getOrDefault("tokenizer.ggml.tokens", List.of());
            int[] ids = {1};
            StringBuilder story = new StringBuilder();
            while (story.length() < 200) {
                int next = largest(reference.logits(ids));
                story.append(text((String) vocabulary.get(next)));
                ids = Arrays.copyOf(ids, ids.length + 1);
                ids[ids.length - 1] = next;
            }
            assertThat(expected).startsWith(story.toString().strip());
        }
    }

    private static int largest(double[][] logits) {
        double[] last = logits[logits.length - 1];
        int largest = 0;
        for (int id = 0; id < last.length; id++) {
            if (last[id] > last[largest]) {
                largest = id;
            }
        }
        return largest;
    }

    /// SentencePiece writes a space as U+2581 and a byte as `<0x0A>`.
    private static String text(String piece) {
        return piece.equals("<0x0A>") ? "\n" : piece.replace('\u2581', ' ');
    }

    private static void assertClose(double[][] actual, double[][] expected, double tolerance) {
        assertThat(actual).hasDimensions(expected.length, expected[0].length);
        for (int row = 0; row < expected.length; row++) {
            assertThat(actual[row])
                    .as("row %d", row)
                    .containsExactly(expected[row], within(tolerance));
        }
    }

    private static double[][] lastRows(double[][] rows, int count) {
        return Arrays.copyOfRange(rows, rows.length - count, rows.length);
    }

    private static ReferenceTensors expected() throws IOException {
        return ReferenceTensors.read(Shared.path(PLAIN + "/expected.safetensors"));
    }

    private static int[] sequence(String length) throws IOException {
        return JsonRow.read(Shared.path(PLAIN + "/expected.json")).row("sequences").ids(length);
    }

    private static Reference plain(LayerSharing sharing) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(Shared.path(PLAIN + "/gguf-f16/model.gguf"))) {
            return new Reference(checkpoint.tensors(), checkpoint.config().withSharing(sharing));
        }
    }
}
