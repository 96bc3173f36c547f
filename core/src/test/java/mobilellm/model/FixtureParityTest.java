package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.config.KvType;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Every kind of model that can be run, under every layer plan, against what PyTorch computed. Tolerances are from the notes
/// beside the reference outputs.
class FixtureParityTest {
    private static final List<String> LENGTHS = List.of("len1", "len7", "len33", "len130");

    /// Equal to the rounding of expectations that are stored in 32 bits, relative to numbers of up to about 8.
    private static final double STORED_AS_F32 = 1e-6;

    static List<String> models() {
        return List.of(
                "plain-96x4",
                "ls-192x2",
                "untied-96x2",
                "relu-80x3",
                "llama-rope-llama3",
                "llama-rope-linear",
                "llama-all-bias",
                "qwen2-qkv-bias",
                "qwen3-qk-norm",
                "llama4-r1-like");
    }

    @ParameterizedTest
    @MethodSource("models")
    void theReferenceEqualsPyTorchInFloat64(String name) throws IOException {
        try (FixtureModel model = FixtureModel.of(name)) {
            for (String plan : model.plans()) {
                Reference reference = new Reference(model.tensors(), model.config(plan));
                for (String length : LENGTHS) {
                    String what = plan + "." + length;
                    String stored = stored(model.expected(), what);
                    double[][] expected = model.expected().rows(stored);
                    double[][] logits = reference.logits(model.sequences().ids(length));
                    double tolerance = stored.endsWith("f64") ? 1e-10 : STORED_AS_F32;
                    assertClose(lastRows(logits, expected), expected, tolerance, what);
                }
                List<double[][]> states = reference.hiddenStates(model.sequences().ids("len7"));
                assertThat(states).as(plan).hasSize(model.plan(plan).list("visits").size() + 1);
                for (int visit = 0; visit < states.size() - 1; visit++) {
                    assertClose(
                            states.get(visit + 1),
                            model.expected().rows("%s.trace.visit%d.out".formatted(plan, visit)),
                            STORED_AS_F32,
                            plan + " after visit " + visit);
                }
            }
        }
    }

    /// Weights of these models are plain numbers, so vector kernels do not round activations either.
    @ParameterizedTest
    @MethodSource("models")
    void kernelsGiveTheLogitsAndTheGreedyIdsOfPyTorch(String name) throws IOException {
        try (FixtureModel fixture = FixtureModel.of(name)) {
            for (String plan : fixture.plans()) {
                for (String kernels : List.of("scalar", "vector", "auto")) {
                    try (RunningModel model =
                            new RunningModel(fixture.tensors(), fixture.config(plan), kernels, 2)) {
                        assertSameLogits(model, fixture, plan, kernels);
                        assertSameGreedyIds(model, fixture, plan, kernels);
                    }
                }
            }
        }
    }

    private static void assertSameLogits(
            RunningModel model, FixtureModel fixture, String plan, String kernels) {
        int[][] sequences = LENGTHS.stream().map(fixture.sequences()::ids).toArray(int[][]::new);
        float[][][] logits = model.logits(sequences, 40, KvType.F32);
        for (int s = 0; s < sequences.length; s++) {
            String what = plan + "." + LENGTHS.get(s);
            double[][] expected = fixture.expected().rows(stored(fixture.expected(), what));
            assertClose(
                    widened(lastRows(logits[s], expected)), expected, 5e-4, what + ", " + kernels);
        }
    }

    private static void assertSameGreedyIds(
            RunningModel model, FixtureModel fixture, String plan, String kernels) {
        if (fixture.plan(plan).has("greedy")) {
            JsonRow greedy = fixture.plan(plan).row("greedy");
            assertThat(model.greedy(greedy.ids("prompt"), 64))
                    .as("greedy continuation, %s, %s", plan, kernels)
                    .isEqualTo(greedy.ids("ids"));
        }
    }

    /// Name of the best logits that are stored of a sequence, which may be those of its last rows only.
    private static String stored(ReferenceTensors tensors, String sequence) {
        return Stream.of(".logits_f64", ".logits_last8", ".logits")
                .map(sequence::concat)
                .filter(tensors::has)
                .findFirst()
                .orElseThrow();
    }

    private static <T> T[] lastRows(T[] rows, double[][] expected) {
        return Arrays.copyOfRange(rows, rows.length - expected.length, rows.length);
    }

    private static void assertClose(
            double[][] actual, double[][] expected, double tolerance, String what) {
        assertThat(actual).as(what).hasDimensions(expected.length, expected[0].length);
        for (int row = 0; row < expected.length; row++) {
            assertThat(actual[row])
                    .as("%s, row %d of %d", what, row, expected.length)
                    .containsExactly(expected[row], within(tolerance));
        }
    }

    private static double[][] widened(float[][] rows) {
        double[][] widened = new double[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            widened[row] = new double[rows[row].length];
            for (int i = 0; i < rows[row].length; i++) {
                widened[row][i] = rows[row][i];
            }
        }
        return widened;
    }
}
