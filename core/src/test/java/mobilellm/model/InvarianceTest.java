package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.config.LayerSharing.Cache;
import mobilellm.config.LayerSharing.Strategy;
import mobilellm.config.ModelConfig;
import mobilellm.config.Precision;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Kernels;
import mobilellm.testing.RealModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// A token's logits have the same bits whatever else is in the batch, however the sequence was cut into batches, and
/// however many threads there are.
class InvarianceTest {
    private static final int ALL = Integer.MAX_VALUE / 2;

    @ParameterizedTest
    @CsvSource({"F32, 0", "F16, 1", "F16, 3", "Q8_0, 2"})
    void aMixOfAllWeightTypesIsInvariant(KvType type, int first) {
        for (KernelProvider kernels : Kernels.usable()) {
            assertInvariant(MixedModel.config(LayerSharing.NONE), first, kernels.name(), type);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"scalar", "vector", "auto"})
    void eightBitsForWeightsAndActivationsAreInvariant(String kernels) {
        for (Cache cache : Cache.values()) {
            var config = MixedModel.config(new LayerSharing(Strategy.IMMEDIATE, 2, cache));
            assertInvariant(config, 0, Precision.W8A8, kernels, KvType.F16);
        }
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void sharedLayersAreInvariant(Strategy strategy) {
        for (Cache cache : Cache.values()) {
            var config = MixedModel.config(new LayerSharing(strategy, 3, cache));
            for (String kernels : List.of("auto", "vector")) {
                assertInvariant(config, 2, kernels, KvType.F32);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"scalar", "vector", "auto"})
    void biasesHeadNormsAndLayersWithoutAGateAreInvariant(String kernels) {
        var sharing = new LayerSharing(Strategy.REVERSE, 2, Cache.FIRST_VISIT);
        assertInvariant(MixedModel.biased(LayerSharing.NONE), 0, kernels, KvType.F32);
        assertInvariant(MixedModel.biased(sharing), 4, kernels, KvType.F16);
        assertInvariant(MixedModel.ungated(LayerSharing.NONE), 1, kernels, KvType.F32);
    }

    private static void assertInvariant(
            ModelConfig config, int first, String kernels, KvType type) {
        assertInvariant(config, first, Precision.NATIVE, kernels, type);
    }

    private static void assertInvariant(
            ModelConfig config, int first, Precision precision, String kernels, KvType type) {
        int[][] sequences = sequences(5, 70, 131);
        float[][][] expected = null;
        for (int threads = 1; threads <= 3; threads++) {
            try (RunningModel model = mixed(config, first, precision, kernels, threads)) {
                if (expected == null) {
                    expected = eachAlone(model, sequences, type);
                }
                assertSame(model, sequences, 1, 1, type, expected);
                assertSame(model, sequences, 1, 7, type, expected);
                assertSame(model, sequences, 1, 64, type, expected);
                assertSame(model, sequences, 1, ALL, type, expected);
                assertSame(model, sequences, 2, 9, type, expected);
                assertSame(model, sequences, 5, 13, type, expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSequenceLongerThanAPageOfTheCacheIsInvariant(KvType type) {
        for (KernelProvider kernels : Kernels.usable()) {
            // The oracle looks at every key and value one by one: just a page and a bit of it.
            int length = kernels.name().equals("scalar") ? 270 : 500;
            int[][] sequences = sequences(2, length, 131);
            float[][][] expected;
            var config = MixedModel.config(LayerSharing.NONE);
            try (RunningModel model = mixed(config, 0, Precision.NATIVE, kernels.name(), 1)) {
                expected = eachAlone(model, sequences, type);
                assertSame(model, sequences, 1, 1, type, expected);
                assertSame(model, sequences, 2, 100, type, expected);
            }
            // Two threads share out the positions of a long sequence.
            try (RunningModel model = mixed(config, 0, Precision.NATIVE, kernels.name(), 2)) {
                assertSame(model, sequences, 1, 1, type, expected);
            }
        }
    }

    /// More threads than processors, called by virtual threads.
    @Test
    void threeModelsAtOnceComputeWhatOneComputesAlone() throws Exception {
        int[][] sequences = sequences(2, 70, 131);
        var config = MixedModel.config(LayerSharing.NONE);
        float[][][] expected;
        try (RunningModel model = mixed(config, 1, Precision.NATIVE, "auto", 1)) {
            expected = eachAlone(model, sequences, KvType.F16);
        }
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                all.add(
                        callers.submit(
                                () -> {
                                    try (RunningModel model =
                                            mixed(config, 1, Precision.NATIVE, "auto", 2)) {
                                        assertSame(model, sequences, 1, 1, KvType.F16, expected);
                                        assertSame(model, sequences, 2, 9, KvType.F16, expected);
                                    }
                                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
    }

    private static RunningModel mixed(
            ModelConfig config, int first, Precision precision, String kernels, int threads) {
        return new RunningModel(
                MixedModel.tensors(config, first), config, precision, kernels, threads);
    }

    @Test
    void theRealModelIsInvariant() throws IOException {
        int[][] sequences = sequences(5, 70, 49152);
        float[][][] expected;
        float[][][] expectedF32;
        try (RunningModel model = RunningModel.open(RealModel.path(), "auto", 1)) {
            expected = eachAlone(model, sequences, KvType.F16);
            expectedF32 = eachAlone(model, Arrays.copyOf(sequences, 2), KvType.F32);
            assertSame(model, sequences, 1, 1, KvType.F16, expected);
        }
        try (RunningModel model = RunningModel.open(RealModel.path(), "auto", 2)) {
            assertSame(model, sequences, 1, 7, KvType.F16, expected);
            assertSame(model, sequences, 2, 1, KvType.F32, expectedF32);
            assertSame(model, sequences, 5, 64, KvType.F16, expected);
        }
        try (RunningModel model = RunningModel.open(RealModel.path(), "auto", 3)) {
            assertSame(model, sequences, 5, 20, KvType.F16, expected);
        }
    }

    /// Each sequence by itself in one batch.
    private static float[][][] eachAlone(RunningModel model, int[][] sequences, KvType type) {
        float[][][] logits = new float[sequences.length][][];
        for (int s = 0; s < sequences.length; s++) {
            logits[s] = model.logits(new int[][] {sequences[s]}, ALL, type)[0];
        }
        return logits;
    }

    private static void assertSame(
            RunningModel model,
            int[][] sequences,
            int together,
            int chunk,
            KvType type,
            float[][][] expected) {
        float[][][] actual = model.logits(Arrays.copyOf(sequences, together), chunk, type);
        for (int s = 0; s < together; s++) {
            for (int position = 0; position < actual[s].length; position++) {
                assertThat(Arrays.equals(actual[s][position], expected[s][position]))
                        .as(
                                "chunks of %d, %d sequences: sequence %d, position %d has the bits"
                                        + " that it has alone",
                                chunk, together, s, position)
                        .isTrue();
            }
        }
    }

    /// Random ids, each sequence 7 shorter than the one before.
    private static int[][] sequences(int count, int length, int vocabulary) {
        Random random = new Random(9);
        int[][] sequences = new int[count][];
        for (int s = 0; s < count; s++) {
            sequences[s] = random.ints(length - 7 * s, 0, vocabulary).toArray();
        }
        return sequences;
    }
}
