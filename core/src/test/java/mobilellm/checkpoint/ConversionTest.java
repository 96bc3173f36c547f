package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import mobilellm.checkpoint.Conversion.Options;
import mobilellm.checkpoint.Conversion.Result;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.gguf.GgufFile;
import mobilellm.gguf.GgufValue;
import mobilellm.model.Reference;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.ExpectedTensors;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;
import mobilellm.tokenizer.Tokenizer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;

class ConversionTest {
    private static final Options AS_IT_IS = options(Optional.empty());

    @TempDir Path folder;

    /// From a directory to a GGUF file and back: the bytes of every tensor, and every file's text.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain-96x4/safetensors",
                "plain-96x4/safetensors-sharded",
                "plain-96x4/bin",
                "ls-192x2/safetensors",
                "ls-192x2/bin",
                "untied-96x2/safetensors",
                "untied-96x2/bin-legacy",
                "untied-96x2/bin-sharded",
                "relu-80x3/safetensors",
                "llama-rope-llama3/hf",
                "llama-rope-linear/hf",
                "llama-all-bias/hf",
                "qwen2-qkv-bias/hf",
                "qwen3-qk-norm/hf",
                "llama4-r1-like/hf"
            })
    void directoryComesBackFromAGgufFile(String layout) throws IOException {
        Path original = fixture(layout);
        Path gguf = folder.resolve("model.gguf");
        Path back = folder.resolve("back");
        convert(original, gguf);
        convert(gguf, back);
        try (Checkpoint first = Checkpoint.open(original);
                Checkpoint between = Checkpoint.open(gguf);
                Checkpoint last = Checkpoint.open(back)) {
            assertThat(bytes(last)).isEqualTo(bytes(first));
            assertThat(last.config()).isEqualTo(first.config());
            assertSameRoles(first, between);
            assertThat(between.config().plan()).isEqualTo(first.config().plan());
            assertThat(last.generationDefaults()).isEqualTo(first.generationDefaults());
            assertThat(last.chatTemplate()).isEqualTo(first.chatTemplate());
            if (Files.exists(original.resolve("tokenizer.model"))) {
                assertSameIds(first.tokenizer(), between.tokenizer());
                assertSameIds(first.tokenizer(), last.tokenizer());
            }
        }
        assertThat(back.resolve("config.json"))
                .hasSameTextualContentAs(original.resolve("config.json"));
    }

    @Test
    void ggufFileComesBackFromADirectory() throws IOException {
        Path original = fixture("plain-96x4/gguf-f16/model.gguf");
        Path directory = folder.resolve("directory");
        Path back = folder.resolve("back.gguf");
        convert(original, directory);
        convert(directory, back);
        try (GgufFile first = GgufFile.open(original);
                GgufFile last = GgufFile.open(back)) {
            assertThat(tensors(last.tensors())).isEqualTo(tensors(first.tensors()));
            assertThat(last.metadata()).containsKey(GgufMetadata.CONFIG);
            Map<String, GgufValue> metadata = new LinkedHashMap<>(last.typedMetadata());
            first.typedMetadata()
                    .forEach(
                            (key, value) -> assertThat(metadata.get(key)).as(key).isEqualTo(value));
        }
        try (Checkpoint first = Checkpoint.open(original);
                Checkpoint last = Checkpoint.open(directory)) {
            assertSameIds(first.tokenizer(), last.tokenizer());
        }
    }

    @Test
    void directoryOfEveryFamilyCanBeCopiedInShards() throws IOException {
        Path original = fixture("llama4-r1-like/hf");
        Path copy = folder.resolve("copy");
        Result result =
                Conversion.run(
                        original,
                        copy,
                        new Options(Optional.empty(), false, OptionalLong.of(40_000), false),
                        (name, done, total) -> {});
        assertThat(result.files()).hasSizeGreaterThan(2);
        assertThat(result.bytes())
                .isEqualTo(result.files().stream().mapToLong(f -> size(f.path())).sum());
        try (Checkpoint first = Checkpoint.open(original);
                Checkpoint last = Checkpoint.open(copy)) {
            assertThat(bytes(last)).isEqualTo(bytes(first));
            assertThat(last.config()).isEqualTo(first.config());
        }
    }

    /// As a GGUF file of our own architecture, which no other engine takes for something that it knows.
    @Test
    void mobileLlmR1GivesTheLogitsOfPyTorch() throws IOException {
        Path original = fixture("llama4-r1-like/hf");
        Path gguf = folder.resolve("r1.gguf");
        convert(original, gguf);
        try (GgufFile file = GgufFile.open(gguf)) {
            assertThat(file.metadata())
                    .containsEntry("general.architecture", "mobilellm")
                    .containsEntry("mobilellm.attention.query_key_norm", "after-rope");
        }
        Path anew = folder.resolve("anew"); // expanded, so config.json is not the stored one
        Options expanded = new Options(Optional.empty(), true, OptionalLong.empty(), false);
        Conversion.run(gguf, anew, expanded, (name, done, total) -> {});
        int[] ids =
                JsonRow.read(original.resolveSibling("expected.json"))
                        .row("sequences")
                        .ids("len33");
        double[][] expected =
                ReferenceTensors.read(original.resolveSibling("expected.safetensors"))
                        .rows("none.len33.logits_f64");
        for (Path form : List.of(gguf, anew)) {
            try (Checkpoint checkpoint = Checkpoint.open(form)) {
                double[][] logits =
                        new Reference(checkpoint.tensors(), checkpoint.config()).logits(ids);
                for (int row = 0; row < expected.length; row++) {
                    assertThat(logits[row]).containsExactly(expected[row], within(1e-10));
                }
            }
        }
        assertThat(Files.readString(anew.resolve("config.json"))).contains("\"Llama4ForCausalLM\"");
    }

    @Test
    void sharedLayersKeepTheirPlanOrAreWrittenOut() throws IOException {
        Path original = fixture("ls-192x2/safetensors");
        Path shared = folder.resolve("shared.gguf");
        convert(original, shared);
        try (GgufFile file = GgufFile.open(shared)) {
            assertThat(file.metadata())
                    .containsEntry("general.architecture", "mobilellm")
                    .containsEntry("mobilellm.block_count", 2L)
                    .containsEntry("mobilellm.layer_sharing.strategy", "immediate")
                    .containsEntry("mobilellm.layer_sharing.repeats", 2L)
                    .containsEntry("mobilellm.layer_sharing.cache", "own");
        }
        for (Path from : List.of(original, shared)) {
            for (String name : List.of("plain.gguf", "plain")) {
                Path to = folder.resolve(name);
                Options options = new Options(Optional.empty(), true, OptionalLong.empty(), true);
                Conversion.run(from, to, options, (tensor, done, total) -> {});
                try (Checkpoint stored = Checkpoint.open(original);
                        Checkpoint plain = Checkpoint.open(to)) {
                    ModelConfig config = plain.config();
                    assertThat(config.architecture()).isEqualTo("llama");
                    assertThat(config.layers()).isEqualTo(4);
                    assertThat(config.sharing()).isEqualTo(LayerSharing.NONE);
                    for (int visit = 0; visit < 4; visit++) {
                        Tensor once = stored.tensors().blocks().get(visit / 2).query().weight();
                        Tensor again = plain.tensors().blocks().get(visit).query().weight();
                        assertThat(again.data().mismatch(once.data())).isEqualTo(-1);
                    }
                }
            }
        }
        assertThat(Files.readString(folder.resolve("plain/config.json")))
                .contains("\"LlamaForCausalLM\"", "\"tie_word_embeddings\" : true")
                .doesNotContain("layer_sharing");
    }

    @Test
    void convertsTypes() throws IOException {
        Path original = fixture("plain-96x4/safetensors");
        for (DType type : List.of(DType.F32, DType.BF16, DType.Q8_0)) {
            Path gguf = folder.resolve(type + ".gguf");
            Conversion.run(original, gguf, options(Optional.of(type)), (name, done, total) -> {});
            try (GgufFile file = GgufFile.open(gguf)) {
                for (Tensor tensor : file.tensors()) {
                    assertThat(tensor.type())
                            .isEqualTo(tensor.shape().rank() == 1 ? DType.F32 : type);
                }
            }
        }
        Path f32 = folder.resolve("f32");
        convert(folder.resolve("Q8_0.gguf"), f32);
        assertThat(Files.readString(f32.resolve("config.json")))
                .contains("\"torch_dtype\": \"float32\"");
        Path narrow = folder.resolve("f16");
        Conversion.run(
                folder.resolve("F32.gguf"),
                narrow,
                options(Optional.of(DType.F16)),
                (name, done, total) -> {});
        try (Checkpoint first = Checkpoint.open(original);
                Checkpoint last = Checkpoint.open(narrow)) {
            assertThat(bytes(last)).isEqualTo(bytes(first));
        }
        assertThatThrownBy(
                        () ->
                                Conversion.run(
                                        original,
                                        folder.resolve("directory"),
                                        options(Optional.of(DType.Q8_0)),
                                        (name, done, total) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot hold weights of type Q8_0");
    }

    @Test
    void refusesATypeThatTheWidthDoesNotAllow() throws IOException {
        Path odd = new ModelDirectory("llama").write(folder.resolve("odd"));
        assertThatThrownBy(
                        () ->
                                Conversion.run(
                                        odd,
                                        folder.resolve("odd.gguf"),
                                        options(Optional.of(DType.Q8_0)),
                                        (name, done, total) -> {}))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("'model.embed_tokens.weight' has rows of 8 numbers");
        assertThat(names()).containsExactly("odd");
    }

    @Test
    void refusesWhatIsThereUnlessToldAndItsSourceAlways() throws IOException {
        Path original = copyOf("plain-96x4/gguf-f16/model.gguf");
        Path directory = folder.resolve("directory");
        convert(original, directory);
        for (Path target : List.of(original, directory)) {
            assertThatThrownBy(() -> convert(directory, target))
                    .isInstanceOf(FileAlreadyExistsException.class);
        }
        Options force = new Options(Optional.empty(), false, OptionalLong.empty(), true);
        assertThatThrownBy(() -> Conversion.run(original, original, force, (n, d, t) -> {}))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("is the file that is read");
        assertThatThrownBy(() -> Conversion.run(directory, directory, force, (n, d, t) -> {}))
                .hasMessageContaining("holds what is read");
        Path home = Files.createDirectory(folder.resolve("home"));
        Files.writeString(home.resolve("letters"), "precious");
        assertThatThrownBy(() -> Conversion.run(original, home, force, (n, d, t) -> {}))
                .hasMessageContaining("has no config.json, so it is not replaced");
        Files.writeString(directory.resolve("stale"), "from before");
        Conversion.run(original, directory, force, (n, d, t) -> {});
        assertThat(directory.resolve("stale")).doesNotExist();
        assertThat(names()).containsExactly("directory", "home", "model.gguf");
    }

    @Test
    void brokenSourcesLeaveNothing() throws IOException {
        Path original = fixture("plain-96x4/gguf-f16/model.gguf");
        byte[] good = Files.readAllBytes(original);
        Path cut = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(good, good.length / 2));
        byte[] bad = good.clone();
        bad[good.length - 98] = (byte) 0xc0;
        bad[good.length - 97] = (byte) 0x7f;
        Path infinite = Files.write(folder.resolve("infinite.gguf"), bad);
        for (Path broken : List.of(cut, infinite)) {
            for (String name : List.of("new.gguf", "new")) {
                assertThatThrownBy(() -> convert(broken, folder.resolve(name)))
                        .isInstanceOf(MalformedFileException.class)
                        .hasMessageContaining(broken.getFileName().toString());
            }
        }
        assertThat(names()).containsExactly("cut.gguf", "infinite.gguf");
    }

    private static Options options(Optional<DType> type) {
        return new Options(type, false, OptionalLong.empty(), false);
    }

    private static void convert(Path from, Path to) throws IOException {
        long[] last = {0, -1};
        Result result =
                Conversion.run(
                        from,
                        to,
                        AS_IT_IS,
                        (name, done, total) -> {
                            assertThat(done).isGreaterThan(last[0]);
                            last[0] = done;
                            last[1] = total;
                        });
        assertThat(last[0]).isEqualTo(last[1]);
        assertThat(result.tensors()).isPositive();
        Path weights = Conversion.isGguf(to) ? to : to.resolve("model.safetensors");
        assertThat(result.sha256()).isEqualTo(ExpectedTensors.sha256(Files.readAllBytes(weights)));
        assertThat(result.bytes()).isEqualTo(Files.size(weights));
    }

    /// Every number in the place and the order in which the forward pass takes it.
    private static void assertSameRoles(Checkpoint first, Checkpoint second) {
        assertThat(roles(second)).isEqualTo(roles(first));
    }

    private static Map<String, String> roles(Checkpoint checkpoint) {
        Map<String, String> found = new TreeMap<>();
        for (Tensor role : Roles.named(checkpoint.tensors(), "mlp")) {
            String sum = ExpectedTensors.sha256(Dequantise.toFloat(role));
            found.put(role.name(), role.shape() + " " + sum);
        }
        return found;
    }

    private static void assertSameIds(Tokenizer expected, Tokenizer actual) {
        assertThat(actual.vocabularySize()).isEqualTo(expected.vocabularySize());
        assertThat(actual.bos()).isEqualTo(expected.bos());
        assertThat(actual.eos()).isEqualTo(expected.eos());
        assertThat(actual.addBos()).isEqualTo(expected.addBos());
        assertThat(actual.endOfGeneration()).isEqualTo(expected.endOfGeneration());
        for (String text :
                List.of(
                        "",
                        " two  spaces ",
                        "The quick brown fox, 1234 and \n\ttabs.",
                        "zażółć 日本 🙂",
                        "a<s>b</s> c")) {
            for (boolean special : new boolean[] {false, true}) {
                int[] ids = expected.encode(text, special);
                assertThat(actual.encode(text, special)).as(text).isEqualTo(ids);
                assertThat(actual.decode(ids, false)).isEqualTo(expected.decode(ids, false));
            }
        }
    }

    /// Type, shape and bytes by name.
    private static Map<String, List<Object>> bytes(Checkpoint checkpoint) {
        return tensors(checkpoint.storedTensors());
    }

    private static Map<String, List<Object>> tensors(List<Tensor> tensors) {
        Map<String, List<Object>> found = new TreeMap<>();
        tensors.forEach(
                tensor ->
                        found.put(
                                tensor.name(),
                                List.of(
                                        tensor.type(),
                                        tensor.shape(),
                                        ExpectedTensors.sha256(
                                                tensor.data().toArray(ValueLayout.JAVA_BYTE)))));
        return found;
    }

    private static long size(Path path) {
        return path.toFile().length();
    }

    private Path copyOf(String layout) throws IOException {
        return Files.copy(fixture(layout), folder.resolve("model.gguf"));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private static Path fixture(String layout) {
        return Shared.path("fixtures/models/" + layout);
    }
}
