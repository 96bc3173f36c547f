package mobilellm.quantisation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.config.LayerSharing;
import mobilellm.evaluation.Windows;
import mobilellm.file.OutputFile;
import mobilellm.gguf.GgufFile;
import mobilellm.kernel.Kernels;
import mobilellm.model.Reference;
import mobilellm.quant.Dequantise;
import mobilellm.quantisation.TypeRules.Rule;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.testing.GgufBuilder;
import mobilellm.testing.RandomWeights;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;

class ModelQuantiserTest {
    /// Weights in a piece of work are 2^18; the embedding is cut into three.
    private static final int VOCABULARY = 6000;

    private static final int HIDDEN = 96;
    private static final int HEAD_DIM = 32;

    @TempDir Path folder;

    /// Random weights; a model with layer sharing as this project writes it.
    private Path shared() throws IOException {
        Random random = new Random(5);
        String prefix = "mobilellm.";
        GgufBuilder builder =
                new GgufBuilder()
                        .text("general.architecture", "mobilellm")
                        .uint32(prefix + "block_count", 1)
                        .uint32(prefix + "context_length", 128)
                        .uint32(prefix + "embedding_length", HIDDEN)
                        .uint32(prefix + "feed_forward_length", 128)
                        .uint32(prefix + "attention.head_count", 3)
                        .uint32(prefix + "attention.head_count_kv", 1)
                        .float32(prefix + "attention.layer_norm_rms_epsilon", 1e-5f)
                        .text(prefix + "layer_sharing.strategy", "immediate")
                        .uint32(prefix + "layer_sharing.repeats", 2)
                        .text(prefix + "layer_sharing.cache", "own")
                        .uint32(prefix + "vocab_size", VOCABULARY)
                        .float32("somebody.else", 0.25f);
        matrix(builder, "token_embd", VOCABULARY, HIDDEN, random);
        norm(builder, "blk.0.attn_norm", random);
        matrix(builder, "blk.0.attn_q", 3 * HEAD_DIM, HIDDEN, random);
        matrix(builder, "blk.0.attn_k", HEAD_DIM, HIDDEN, random);
        matrix(builder, "blk.0.attn_v", HEAD_DIM, HIDDEN, random);
        matrix(builder, "blk.0.attn_output", HIDDEN, HIDDEN, random);
        norm(builder, "blk.0.ffn_norm", random);
        matrix(builder, "blk.0.ffn_gate", 128, HIDDEN, random);
        matrix(builder, "blk.0.ffn_up", 128, HIDDEN, random);
        matrix(builder, "blk.0.ffn_down", HIDDEN, 128, random);
        norm(builder, "output_norm", random);
        return builder.write(folder.resolve("shared.gguf"));
    }

    private static void matrix(
            GgufBuilder builder, String name, int rows, int columns, Random random) {
        byte[] bytes =
                RandomWeights.of(DType.F32, rows, columns, 0.1, random)
                        .data()
                        .toArray(ValueLayout.JAVA_BYTE);
        builder.tensor(name + ".weight", DType.F32, bytes, rows, columns);
    }

    private static void norm(GgufBuilder builder, String name, Random random) {
        byte[] bytes =
                RandomWeights.of(DType.F32, 1, HIDDEN, 1, random)
                        .data()
                        .toArray(ValueLayout.JAVA_BYTE);
        builder.tensor(name + ".weight", DType.F32, bytes, HIDDEN);
    }

    private Path quantise(Path source, TypeRules rules, boolean search, int threads)
            throws IOException {
        return quantise(source, rules, search, Optional.empty(), threads);
    }

    private Path quantise(
            Path source,
            TypeRules rules,
            boolean search,
            Optional<ImportanceMatrix> importance,
            int threads)
            throws IOException {
        Path target = folder.resolve("quantised.gguf");
        try (GgufFile file = GgufFile.open(source);
                OutputFile output = OutputFile.create(target, true, source)) {
            GgufModel model = new GgufModel(file.typedMetadata(), file.tensors());
            long[] done = new long[1];
            new ModelQuantiser(rules.apply(model), new Care(search, importance), threads)
                    .write(model, output, count -> done[0] += count);
            assertThat(done[0]).isEqualTo(model.elements());
            return output.commit().path();
        }
    }

    @Test
    void whatIsWrittenDoesNotDependOnTheNumberOfThreads() throws IOException {
        Path source = shared();
        TypeRules rules =
                new TypeRules(
                        DType.IQ4_NL, List.of(new Rule(Pattern.compile("_embd"), DType.Q4_1)));
        for (boolean search : new boolean[] {false, true}) {
            byte[] one = Files.readAllBytes(quantise(source, rules, search, 1));
            byte[] three = Files.readAllBytes(quantise(source, rules, search, 3));
            assertThat(three).isEqualTo(one);
        }
    }

    @Test
    void aSourceThatIsCutMeanwhileLeavesNothing() throws IOException {
        Path source = shared();
        Path target = folder.resolve("cut.gguf");
        try (GgufFile file = GgufFile.open(source)) {
            GgufModel model = new GgufModel(file.typedMetadata(), file.tensors());
            try (FileChannel channel = FileChannel.open(source, StandardOpenOption.WRITE)) {
                channel.truncate(Files.size(source) / 2);
            }
            TypeRules rules = new TypeRules(DType.Q8_0, List.of());
            ModelQuantiser quantiser =
                    new ModelQuantiser(rules.apply(model), new Care(false, Optional.empty()), 2);
            assertThatThrownBy(
                            () -> {
                                try (OutputFile output = OutputFile.create(target, false, source)) {
                                    quantiser.write(model, output, _ -> {});
                                }
                            })
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining("the file became shorter");
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactly(source);
        }
    }

    @Test
    void sharedLayersAndUnknownKeysStay() throws IOException {
        Path quantised = quantise(shared(), new TypeRules(DType.Q4_0, List.of()), false, 2);
        try (Checkpoint checkpoint = Checkpoint.open(quantised)) {
            LayerSharing sharing = checkpoint.config().sharing();
            assertThat(sharing.strategy()).isEqualTo(LayerSharing.Strategy.IMMEDIATE);
            assertThat(sharing.repeats()).isEqualTo(2);
            assertThat(checkpoint.metadata())
                    .containsEntry("somebody.else", 0.25f)
                    .containsEntry("general.file_type", 7L) // most weights are the embedding's
                    .containsEntry("general.quantization_version", 2L);
            Map<String, DType> types = types(checkpoint);
            assertThat(types)
                    .containsEntry("blk.0.ffn_up.weight", DType.Q4_0)
                    .containsEntry("token_embd.weight", DType.Q8_0)
                    .containsEntry("blk.0.attn_norm.weight", DType.F32);
        }
    }

    private static Map<String, DType> types(Checkpoint checkpoint) {
        Map<String, DType> types = new LinkedHashMap<>();
        checkpoint.storedTensors().forEach(tensor -> types.put(tensor.name(), tensor.type()));
        return types;
    }

    /// Every weight comes back within half a step of its block, or a whole one where the extreme of the other sign is clipped.
    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0"})
    void weightsComeBackWithinAStep(DType type) throws IOException {
        Path source = shared();
        Rule all = new Rule(Pattern.compile(""), type);
        Path quantised = quantise(source, new TypeRules(type, List.of(all)), false, 2);
        int levels =
                switch (type) {
                    case Q8_0 -> 127;
                    case Q5_0 -> 16;
                    case Q5_1 -> 31;
                    case Q4_0 -> 8;
                    default -> 15;
                };
        try (GgufFile before = GgufFile.open(source);
                GgufFile after = GgufFile.open(quantised)) {
            for (Tensor tensor : after.tensors()) {
                float[] original = Dequantise.toFloat(before.tensor(tensor.name()).orElseThrow());
                float[] back = Dequantise.toFloat(tensor);
                if (tensor.shape().rank() == 1) {
                    assertThat(back).isEqualTo(original);
                    continue;
                }
                assertThat(tensor.type()).isEqualTo(type);
                for (int block = 0; block < back.length; block += 32) {
                    float largest = 0;
                    for (int i = block; i < block + 32; i++) {
                        largest = Math.max(largest, Math.abs(original[i]));
                    }
                    double range = type == DType.Q4_1 || type == DType.Q5_1 ? 2 : 1;
                    double step = 1.01 * range * largest / levels;
                    for (int i = block; i < block + 32; i++) {
                        assertThat(Math.abs(back[i] - original[i]))
                                .isLessThanOrEqualTo((float) step);
                    }
                }
            }
        }
    }

    /// A real architecture with random weights, computed in float64: more bits are nearer to the original, and searching with
    /// an importance matrix is nearer than not searching.
    @Test
    void moreBitsAndMoreCareBringTheLogitsNearer() throws IOException {
        Path source = Shared.path("fixtures/models/plain-96x4/gguf-f16/model.gguf");
        int[] ids = new Random(1).ints(48, 0, 512).toArray();
        double[][] expected = logits(source, ids);
        double q8 = divergence(expected, quantise(source, all(DType.Q8_0), false, 1), ids);
        double q5 = divergence(expected, quantise(source, all(DType.Q5_0), false, 1), ids);
        double q4 = divergence(expected, quantise(source, all(DType.Q4_0), false, 1), ids);
        Path withCare =
                quantise(source, all(DType.Q4_0), true, Optional.of(importance(source, ids)), 1);
        double searched = divergence(expected, withCare, ids);
        System.out.printf(
                "KL: Q8_0 %.4f Q5_0 %.4f Q4_0 %.4f searched %.4f%n", q8, q5, q4, searched);
        assertThat(q8).isPositive().isLessThan(q5 / 10);
        assertThat(q5).isLessThan(q4 / 2);
        assertThat(searched).isLessThan(q4);
    }

    private static ImportanceMatrix importance(Path source, int[] ids) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(source)) {
            return ImportanceRun.run(
                    checkpoint,
                    "random",
                    ids,
                    new Windows(ids.length, ids.length),
                    1,
                    Kernels.best(),
                    1,
                    soFar -> {});
        }
    }

    private static TypeRules all(DType type) {
        return new TypeRules(type, List.of(new Rule(Pattern.compile(""), type)));
    }

    private static double[][] logits(Path path, int[] ids) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            return new Reference(checkpoint.tensors(), checkpoint.config()).logits(ids);
        }
    }

    private static double divergence(double[][] expected, Path path, int[] ids) throws IOException {
        double[][] actual = logits(path, ids);
        double sum = 0;
        for (int row = 0; row < ids.length; row++) {
            double[] p = logProbabilities(expected[row]);
            double[] q = logProbabilities(actual[row]);
            for (int i = 0; i < p.length; i++) {
                sum += Math.exp(p[i]) * (p[i] - q[i]);
            }
        }
        return sum / ids.length;
    }

    private static double[] logProbabilities(double[] logits) {
        double largest = Arrays.stream(logits).max().orElseThrow();
        double sum = Arrays.stream(logits).map(x -> Math.exp(x - largest)).sum();
        return Arrays.stream(logits).map(x -> x - largest - Math.log(sum)).toArray();
    }

    @Test
    void anImportanceOfAnotherModelIsRefused() throws IOException {
        Path source = shared();
        var columns = new ImportanceMatrix.Columns(new double[64], 1);
        var matrix =
                new ImportanceMatrix(List.of(), 1, 1, Map.of("blk.0.ffn_down.weight", columns));
        TypeRules rules = new TypeRules(DType.Q4_0, List.of());
        assertThatThrownBy(() -> quantise(source, rules, true, Optional.of(matrix), 1))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining(
                        "64 columns for tensor 'blk.0.ffn_down.weight', which has 128");
        assertThat(folder.resolve("quantised.gguf")).doesNotExist();
        assertThat(folder).isDirectoryNotContaining(file -> file.toString().endsWith(".partial"));
    }

    @Test
    void rulesAreTakenAtTheirWord() throws IOException {
        try (GgufFile file = GgufFile.open(shared())) {
            GgufModel model = new GgufModel(file.typedMetadata(), file.tensors());
            TypeRules firstWins =
                    new TypeRules(
                            DType.F16,
                            List.of(
                                    new Rule(Pattern.compile("ffn_down"), DType.Q5_1),
                                    new Rule(Pattern.compile("ffn_"), DType.Q4_0)));
            assertThat(firstWins.apply(model).types())
                    .containsEntry("blk.0.ffn_down.weight", DType.Q5_1)
                    .containsEntry("blk.0.ffn_up.weight", DType.Q4_0)
                    .containsEntry("token_embd.weight", DType.F16)
                    .containsEntry("blk.0.ffn_norm.weight", DType.F32);
            TypeRules unused =
                    new TypeRules(
                            DType.F16, List.of(new Rule(Pattern.compile("ffn_dwn"), DType.Q4_0)));
            assertThatThrownBy(() -> unused.apply(model))
                    .hasMessageContaining("no matrix has 'ffn_dwn' in its name")
                    .hasMessageContaining("such as token_embd.weight");
        }
    }

    @Test
    void widthsThatAreNoWholeBlocksAreToldOrRefused() throws IOException {
        GgufBuilder builder = new GgufBuilder().text("general.architecture", "llama");
        Random random = new Random(2);
        matrix(builder, "odd", 8, 40, random);
        matrix(builder, "even", 8, 64, random);
        try (GgufFile file = GgufFile.open(builder.write(folder.resolve("odd.gguf")))) {
            GgufModel model = new GgufModel(file.typedMetadata(), file.tensors());
            TypeRules.Choice choice = new TypeRules(DType.Q4_0, List.of()).apply(model);
            assertThat(choice.types())
                    .containsEntry("odd.weight", DType.F16)
                    .containsEntry("even.weight", DType.Q4_0);
            assertThat(choice.notes())
                    .containsExactly(
                            "1 matrices have rows of 40, no whole blocks of 32: written in F16"
                                    + " instead of Q4_0");
            TypeRules wanted =
                    new TypeRules(
                            DType.Q4_0, List.of(new Rule(Pattern.compile("odd"), DType.Q8_0)));
            assertThatThrownBy(() -> wanted.apply(model))
                    .hasMessageContaining("odd.weight has rows of 40, no whole blocks of 32")
                    .hasMessageContaining("cannot be Q8_0");
        }
    }
}
