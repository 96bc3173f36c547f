package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.Precision;
import mobilellm.kernel.Activations;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.Operand;
import mobilellm.kernel.Operations;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.Packing;
import mobilellm.kernel.ThreadTeam;
import mobilellm.tensor.DType;
import mobilellm.tensor.RowOrder;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/// [Precision#W8A8] against what PyTorch computed, site by site and as whole models, and [Precision#F32].
class PrecisionTest {
    private static final String SITES = "symmetric.model.layers.";

    private static final Map<String, Function<BlockTensors, Tensor>> MATRICES =
            Map.of(
                    "self_attn.q_proj", block -> block.query().weight(),
                    "self_attn.k_proj", block -> block.key().weight(),
                    "self_attn.v_proj", block -> block.value().weight(),
                    "self_attn.o_proj", block -> block.attentionOutput().weight(),
                    "mlp.gate_proj", block -> block.gate().orElseThrow().weight(),
                    "mlp.up_proj", block -> block.up().weight(),
                    "mlp.down_proj", block -> block.down().weight());

    private final Arena arena = Arena.ofShared();
    private final ThreadTeam team = new ThreadTeam(1);

    @AfterEach
    void close() {
        team.close();
        arena.close();
    }

    @Test
    void weightsHaveTheCodesAndScalesOfTheReference() throws IOException {
        var codes =
                ReferenceTensors.read(Shared.path("fixtures/w8a8/plain-96x4/weights.safetensors"));
        try (FixtureModel model = FixtureModel.of("plain-96x4")) {
            for (int layer = 0; layer < model.tensors().blocks().size(); layer++) {
                for (String name : MATRICES.keySet()) {
                    String stored = "model.layers.%d.%s.weight".formatted(layer, name);
                    double[][] expected = codes.rows(stored);
                    double[] scales = codes.values(stored + ".scale");
                    PackedMatrix matrix = pack(Kernels.best(), weight(model, layer, name));
                    float[] row = new float[matrix.columns()];
                    for (int r = 0; r < matrix.rows(); r++) {
                        matrix.readRow(r, row);
                        for (int i = 0; i < row.length; i++) {
                            assertThat(row[i])
                                    .as("%s, row %d, column %d", stored, r, i)
                                    .isEqualTo((float) scales[r] * (float) expected[r][i]);
                        }
                    }
                }
            }
        }
    }

    /// Products with the unit matrix show what activations are rounded to.
    @Test
    void activationsHaveTheCodesAndProductsTheValuesOfTheReference() throws IOException {
        var sites =
                ReferenceTensors.read(Shared.path("fixtures/w8a8/plain-96x4/sites.safetensors"));
        try (FixtureModel model = FixtureModel.of("plain-96x4")) {
            for (String name : MATRICES.keySet()) {
                assertSite(sites, model, 0, name);
            }
            assertSite(sites, model, 1, "mlp.down_proj");
        }
    }

    private void assertSite(ReferenceTensors sites, FixtureModel model, int layer, String name) {
        String site = SITES + layer + "." + name;
        double[][] input = sites.rows(site + ".input");
        double[][] codes = sites.rows(site + ".q");
        double[] scales = sites.values(site + ".scale");
        double[][] output = sites.rows(site + ".output");
        for (KernelProvider kernels : Kernels.usable()) {
            String what = site + ", " + kernels.name();
            float[][] products = multiply(kernels, weight(model, layer, name), input);
            float[][] rounded = multiply(kernels, unit(input[0].length), input);
            for (int row = 0; row < input.length; row++) {
                double largest = 0;
                for (double y : output[row]) {
                    largest = Math.max(largest, Math.abs(y));
                }
                for (int i = 0; i < output[row].length; i++) {
                    assertThat((double) products[row][i])
                            .as(what)
                            .isCloseTo(output[row][i], within(1e-5 * largest));
                }
                for (int i = 0; i < codes[row].length; i++) {
                    assertThat(rounded[row][i] / scales[row])
                            .as(what)
                            .isCloseTo(codes[row][i], within(1e-4));
                }
            }
        }
    }

    private static Tensor weight(FixtureModel model, int layer, String name) {
        return Objects.requireNonNull(MATRICES.get(name))
                .apply(model.tensors().blocks().get(layer));
    }

    private Tensor unit(int width) {
        MemorySegment data = arena.allocate((long) width * width * Float.BYTES, Float.BYTES);
        for (int i = 0; i < width; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * width + i, 1);
        }
        return new Tensor("unit", DType.F32, Shape.of(width, width), data);
    }

    private PackedMatrix pack(KernelProvider kernels, Tensor tensor) {
        Packing packing = new Packing(arena, kernels::packer);
        PackedMatrix matrix = packing.add(tensor, RowOrder.STORED, PackedForm.W8A8);
        packing.run(team);
        return matrix;
    }

    private float[][] multiply(KernelProvider kernels, Tensor weight, double[][] input) {
        PackedMatrix matrix = pack(kernels, weight);
        Operations operations = kernels.open(1, arena);
        int count = input.length;
        Operand x =
                operations.operand(
                        arena,
                        new Activations(arena, count, matrix.columns()),
                        Set.of(PackedForm.W8A8));
        for (int row = 0; row < count; row++) {
            for (int i = 0; i < input[row].length; i++) {
                x.values().set(row, i, (float) input[row][i]);
            }
        }
        Activations y = new Activations(arena, count, matrix.rows());
        team.run(
                worker -> {
                    operations.prepare(x, count, worker);
                    operations.multiply(matrix, x, count, y, false, worker);
                });
        float[][] products = new float[count][matrix.rows()];
        for (int row = 0; row < count; row++) {
            y.read(row, 0, products[row], 0, matrix.rows());
        }
        return products;
    }

    /// Where arithmetic in f32 changed no code of the reference's own, logits are as near as any but those of the scalar kernels, which
    /// sum what is rounded already; elsewhere a code that falls to the other side spreads, and distributions are compared.
    @ParameterizedTest
    @ValueSource(strings = {"plain-96x4", "ls-192x2", "relu-80x3"})
    void modelsOfEightBitsGiveTheLogitsOfTheReference(String name) throws IOException {
        JsonRow notes = JsonRow.read(Shared.path("fixtures/w8a8/expected.json")).row(name);
        JsonRow variant = notes.row("variants").row("symmetric");
        var expected =
                ReferenceTensors.read(Shared.path("fixtures/w8a8/" + name + "/logits.safetensors"));
        List<?> plan = notes.list("plan");
        LayerSharing sharing =
                FixtureModel.sharing(
                        plan.getFirst().equals("none")
                                ? "none"
                                : "%s-x%.0f.%s".formatted(plan.toArray()));
        try (FixtureModel fixture = FixtureModel.of(name)) {
            ModelConfig config = fixture.config("none").withSharing(sharing);
            for (KernelProvider kernels : Kernels.usable()) {
                try (var model =
                        new RunningModel(
                                fixture.tensors(), config, Precision.W8A8, kernels.name(), 2)) {
                    for (Object length : notes.list("sequences")) {
                        String stored = "symmetric.%s.logits".formatted(length);
                        if (!expected.has(stored)) {
                            continue;
                        }
                        int[] ids = fixture.sequences().ids((String) length);
                        float[][] logits = model.logits(new int[][] {ids}, 40, KvType.F32)[0];
                        double[][] rows = expected.rows(stored);
                        String what = name + ", " + length + ", " + kernels.name();
                        double noise =
                                variant.row("max_abs_f32_minus_f64_arithmetic")
                                        .number((String) length);
                        double effect =
                                variant.row("mean_kl_to_unquantised").number((String) length);
                        boolean exact = noise < 1e-4 && !kernels.name().equals("scalar");
                        if (exact) {
                            assertClose(logits, rows, what);
                        }
                        assertThat(meanDivergence(rows, logits)).as(what).isLessThan(0.05 * effect);
                    }
                }
            }
        }
    }

    private static void assertClose(float[][] logits, double[][] expected, String what) {
        for (int row = 0; row < expected.length; row++) {
            for (int i = 0; i < expected[row].length; i++) {
                assertThat((double) logits[row][i])
                        .as("%s, position %d, id %d", what, row, i)
                        .isCloseTo(expected[row][i], within(1e-3));
            }
        }
    }

    /// Where later visits attend to the keys and values of the first one there is no reference of 8 bits, so the effect of rounding is
    /// held to what it is in the other plans.
    @Test
    void sharedLayersWithTheFirstVisitsKeysAreRoundedAlike() throws IOException {
        try (FixtureModel fixture = FixtureModel.of("ls-192x2")) {
            String plan = "immediate-x2.first-visit";
            int[] ids = fixture.sequences().ids("len33");
            double[][] expected =
                    new Reference(fixture.tensors(), fixture.config(plan)).logits(ids);
            for (KernelProvider kernels : Kernels.usable()) {
                try (var model =
                        new RunningModel(
                                fixture.tensors(),
                                fixture.config(plan),
                                Precision.W8A8,
                                kernels.name(),
                                2)) {
                    float[][] logits = model.logits(new int[][] {ids}, 40, KvType.F32)[0];
                    assertThat(meanDivergence(expected, logits))
                            .as(kernels.name())
                            .isBetween(1e-3, 1e-2);
                }
            }
        }
    }

    private static double meanDivergence(double[][] expected, float[][] logits) {
        double sum = 0;
        for (int row = 0; row < expected.length; row++) {
            double[] actual = new double[logits[row].length];
            for (int i = 0; i < actual.length; i++) {
                actual[i] = logits[row][i];
            }
            double p = logSum(expected[row]);
            double q = logSum(actual);
            for (int i = 0; i < actual.length; i++) {
                double log = expected[row][i] - p;
                sum += Math.exp(log) * (log - (actual[i] - q));
            }
        }
        return sum / expected.length;
    }

    private static double logSum(double[] logits) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit);
        }
        return Math.log(sum);
    }
}
