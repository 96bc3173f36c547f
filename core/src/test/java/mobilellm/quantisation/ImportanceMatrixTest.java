package mobilellm.quantisation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.evaluation.Windows;
import mobilellm.file.OutputFile;
import mobilellm.gguf.GgufFile;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Kernels;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.testing.GgufBuilder;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

class ImportanceMatrixTest {
    @TempDir Path folder;

    private static ImportanceMatrix run(
            Checkpoint checkpoint, int[] ids, int window, KernelProvider kernels, int threads) {
        return ImportanceRun.run(
                checkpoint,
                "text.txt",
                ids,
                new Windows(window, window),
                Integer.MAX_VALUE,
                kernels,
                threads,
                soFar -> {});
    }

    private static Checkpoint model(String name) throws IOException {
        return Checkpoint.open(Shared.path("fixtures/models/" + name));
    }

    private static ImportanceMatrix.Columns of(ImportanceMatrix matrix, String name) {
        return Objects.requireNonNull(matrix.matrices().get(name));
    }

    /// PyTorch's intermediate values of the short sequence; the last token of a window is predicted, not read.
    @ParameterizedTest
    @CsvSource({"plain-96x4/safetensors, none, 1", "ls-192x2/safetensors, immediate-x2.own, 2"})
    void sumsAreThoseOfWhatTheMatricesAreMultipliedWith(String path, String plan, int visits)
            throws IOException {
        Path folderOfModel = Shared.path("fixtures/models/" + path).resolveSibling("");
        ReferenceTensors expected =
                ReferenceTensors.read(folderOfModel.resolve("expected.safetensors"));
        int[] ids =
                JsonRow.read(folderOfModel.resolve("expected.json")).row("sequences").ids("len7");
        try (Checkpoint checkpoint = model(path)) {
            ImportanceMatrix matrix = run(checkpoint, ids, ids.length, Kernels.of("scalar"), 1);
            Map<String, String> sites =
                    Map.of(
                            "attn_q", "attn_norm",
                            "attn_k", "attn_norm",
                            "attn_v", "attn_norm",
                            "attn_output", "attention",
                            "ffn_gate", "ffn_norm",
                            "ffn_up", "ffn_norm",
                            "ffn_down", "ffn_inner");
            sites.forEach(
                    (name, trace) -> {
                        // Block 1 is visited at the end of one part of the plan.
                        double[] sums = new double[0];
                        for (int visit = visits; visit < 2 * visits; visit++) {
                            double[][] rows =
                                    expected.rows(
                                            "%s.trace.visit%d.%s".formatted(plan, visit, trace));
                            sums = sums.length == 0 ? new double[rows[0].length] : sums;
                            for (int row = 0; row < ids.length - 1; row++) {
                                for (int i = 0; i < sums.length; i++) {
                                    sums[i] += rows[row][i] * rows[row][i];
                                }
                            }
                        }
                        var columns = of(matrix, "blk.1." + name + ".weight");
                        assertThat(columns.rows()).isEqualTo(visits * (ids.length - 1.0));
                        assertThat(columns.sums()).hasSize(sums.length);
                        for (int i = 0; i < sums.length; i++) {
                            assertThat(columns.sums()[i])
                                    .as("%s column %d", name, i)
                                    .isCloseTo(sums[i], within(1e-3 * (1 + sums[i])));
                        }
                    });
            assertThat(of(matrix, "token_embd.weight").rows()).isEqualTo(ids.length - 1.0);
        }
    }

    @Test
    void bitsDoNotDependOnTheNumberOfThreads() throws IOException {
        int[] ids = new Random(3).ints(100, 0, 512).toArray();
        try (Checkpoint checkpoint = model("plain-96x4/safetensors")) {
            ImportanceMatrix one = run(checkpoint, ids, 40, Kernels.best(), 1);
            ImportanceMatrix two = run(checkpoint, ids, 40, Kernels.best(), 2);
            assertThat(two.matrices().keySet()).isEqualTo(one.matrices().keySet());
            one.matrices()
                    .forEach(
                            (name, columns) ->
                                    assertThat(of(two, name).sums())
                                            .as(name)
                                            .isEqualTo(columns.sums()));
        }
    }

    @Test
    void filesComeBackAndRunsAddUp() throws IOException {
        int[] ids = new Random(4).ints(80, 0, 512).toArray();
        try (Checkpoint checkpoint = model("plain-96x4/safetensors")) {
            ImportanceMatrix both = run(checkpoint, ids, 40, Kernels.best(), 1);
            ImportanceMatrix first = run(checkpoint, Arrays.copyOf(ids, 40), 40, Kernels.best(), 1);
            ImportanceMatrix second =
                    run(checkpoint, Arrays.copyOfRange(ids, 40, 80), 40, Kernels.best(), 1);
            ImportanceMatrix sum = write(first).plus(second);
            assertThat(sum.chunks()).isEqualTo(2).isEqualTo(both.chunks());
            assertThat(sum.chunkSize()).isEqualTo(40);
            assertThat(sum.datasets()).containsExactly("text.txt", "text.txt");
            both.matrices()
                    .forEach(
                            (name, columns) -> {
                                var added = of(sum, name);
                                assertThat(added.rows()).isEqualTo(columns.rows());
                                for (int i = 0; i < columns.sums().length; i++) {
                                    double expected = columns.sums()[i];
                                    assertThat(added.sums()[i])
                                            .isCloseTo(expected, within(1e-6 * (1 + expected)));
                                }
                            });
        }
    }

    private ImportanceMatrix write(ImportanceMatrix matrix) throws IOException {
        Path path = folder.resolve("imatrix.gguf");
        try (OutputFile output = OutputFile.create(path, true)) {
            matrix.write(output);
            output.commit();
        }
        try (GgufFile file = GgufFile.open(path)) {
            assertThat(file.metadata())
                    .containsEntry("general.type", "imatrix")
                    .containsEntry("imatrix.chunk_count", 1L)
                    .containsEntry("imatrix.chunk_size", 40L)
                    .containsEntry("imatrix.datasets", List.of("text.txt"));
            assertThat(file.tensor("blk.0.ffn_down.weight.in_sum2").orElseThrow().columns())
                    .isEqualTo(256);
            assertThat(file.tensor("blk.0.ffn_down.weight.counts").orElseThrow().columns())
                    .isEqualTo(1);
        }
        return ImportanceMatrix.read(path);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model | 1 | 1 | key 'general.type' is model, expected 'imatrix'",
                "imatrix | 0 | 1 | one positive count",
                "imatrix | NaN | 1 | one positive count",
                "imatrix | 1 | -1 | element 1 is -1.0, expected a sum of squares",
                "imatrix | 1 | Infinity | element 1 is Infinity",
            })
    void whatIsNoneIsRefused(String type, float count, float sum, String message)
            throws IOException {
        Path path =
                new GgufBuilder()
                        .text("general.type", type)
                        .tensor(
                                "w.in_sum2",
                                DType.F32,
                                new GgufBuilder.Bytes().f32(1).f32(sum).toArray(),
                                2)
                        .tensor(
                                "w.counts",
                                DType.F32,
                                new GgufBuilder.Bytes().f32(count).toArray(),
                                1)
                        .write(folder.resolve("bad.gguf"));
        assertThatThrownBy(() -> ImportanceMatrix.read(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining(message);
    }

    @Test
    void sumsWithoutACountAreRefused() throws IOException {
        Path path =
                new GgufBuilder()
                        .text("general.type", "imatrix")
                        .tensor("w.in_sum2", DType.F32, new byte[8], 2)
                        .write(folder.resolve("bad.gguf"));
        assertThatThrownBy(() -> ImportanceMatrix.read(path))
                .hasMessageContaining("'w.in_sum2' is there, but 'w.counts' is missing");
    }

    @Test
    void matricesOfTwoModelsDoNotAddUp() {
        var small = new ImportanceMatrix.Columns(new double[2], 1);
        var large = new ImportanceMatrix.Columns(new double[3], 1);
        var one = new ImportanceMatrix(List.of(), 1, 1, Map.of("w", small));
        var other = new ImportanceMatrix(List.of(), 1, 1, Map.of("w", large));
        assertThatThrownBy(() -> one.plus(other))
                .hasMessageContaining(
                        "w has 2 columns in one importance matrix and 3 in the other");
    }
}
