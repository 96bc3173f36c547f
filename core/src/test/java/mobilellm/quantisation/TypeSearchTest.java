package mobilellm.quantisation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.evaluation.Divergence;
import mobilellm.evaluation.Windows;
import mobilellm.kernel.Kernels;
import mobilellm.quant.Rounding;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;
import mobilellm.testing.RandomWeights;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

class TypeSearchTest {
    private static final Rounding REFERENCE = new Rounding.Reference();

    /// Two matrices of equal size; rounding the second one costs a hundred times as much.
    private static TypeSearch search() {
        TypeSearch search = new TypeSearch();
        Random random = new Random(1);
        Tensor tensor = RandomWeights.of(DType.F32, 64, 64, 0.1, random);
        search.add("cheap", tensor, 0.001, REFERENCE);
        search.add("dear", tensor, 0.1, REFERENCE);
        return search;
    }

    private static long bytes(Map<String, DType> types) {
        return types.values().stream().mapToLong(type -> type.bytes(64 * 64)).sum();
    }

    @Test
    void bytesGoWhereTheyHelpTheMost() {
        long four = DType.Q4_0.bytes(64 * 64);
        long eight = DType.Q8_0.bytes(64 * 64);
        Map<String, DType> types = search().within(four + eight);
        assertThat(types).containsEntry("dear", DType.Q8_0);
        assertThat(TypeRules.bits(types.getOrDefault("cheap", DType.F32))).isEqualTo(4.5);
        long before = 0;
        for (long budget = 2 * four; budget < 4 * eight; budget += 100) {
            long used = bytes(search().within(budget));
            assertThat(used).isBetween(before, budget);
            before = used;
        }
    }

    @Test
    void lessDivergenceTakesMoreBytes() {
        long before = Long.MAX_VALUE;
        for (double most : new double[] {1e-5, 1e-4, 1e-3, 1e-2, 1e-1}) {
            long used = bytes(search().diverging(most));
            assertThat(used).isLessThanOrEqualTo(before);
            before = used;
        }
        assertThat(before).isEqualTo(2 * DType.Q4_0.bytes(64 * 64));
    }

    @Test
    void aSizeBelowTheSmallestTypesIsRefused() {
        assertThatThrownBy(() -> search().within(1000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the smallest types take 3608 bytes more");
    }

    @Test
    void stepsThatGainNothingForTheirBytesAreLeftOut() {
        var options =
                List.of(
                        new TypeSearch.Option(DType.Q4_0, 100, 8),
                        new TypeSearch.Option(DType.Q4_1, 110, 7.9), // less a byte than the next
                        new TypeSearch.Option(DType.Q5_0, 120, 2),
                        new TypeSearch.Option(DType.Q5_1, 130, 3), // worse than the one before
                        new TypeSearch.Option(DType.Q8_0, 200, 0.1));
        assertThat(TypeSearch.hull(options))
                .extracting(TypeSearch.Option::type)
                .containsExactly(DType.Q4_0, DType.Q5_0, DType.Q8_0);
    }

    @Test
    void whatRoundingAMatrixCostsIsMeasuredAndTakenBack() throws IOException {
        int[] ids = new Random(8).ints(100, 0, 512).toArray();
        try (Checkpoint checkpoint =
                        Checkpoint.open(Shared.path("fixtures/models/plain-96x4/safetensors"));
                Sensitivities sensitivities =
                        new Sensitivities(
                                checkpoint,
                                TypeSearch.TYPES,
                                ids,
                                new Windows(32, 32),
                                2,
                                Kernels.best(),
                                2)) {
            Divergence nothing = sensitivities.of(Map.of(), (name, tensor) -> REFERENCE);
            assertThat(nothing.largest()).isLessThan(1e-6);
            assertThat(nothing.top1()).isEqualTo(1);
            String name = "blk.2.ffn_down.weight";
            Divergence q4 = sensitivities.of(name, DType.Q4_0, REFERENCE);
            Divergence q8 = sensitivities.of(name, DType.Q8_0, REFERENCE);
            assertThat(q8.mean()).isPositive().isLessThan(q4.mean() / 4);
            assertThat(sensitivities.of(name, DType.Q4_0, REFERENCE)).isEqualTo(q4);
            Map<String, DType> all = new LinkedHashMap<>();
            checkpoint.tensors().matrices().keySet().forEach(each -> all.put(each, DType.Q4_0));
            assertThat(sensitivities.of(all, (each, tensor) -> REFERENCE).mean())
                    .isGreaterThan(q4.mean());
        }
    }
}
