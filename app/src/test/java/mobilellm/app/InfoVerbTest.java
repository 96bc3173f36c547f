package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.RealModel;
import mobilellm.testing.Shared;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

class InfoVerbTest {
    @TempDir Path folder;
    private String model = "";
    private final Shell shell = new Shell();

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
    }

    @Test
    void anEmptyFileIsCalledEmpty() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.gguf"));
        Shell.Result result = shell.run("info", empty.toString());
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).contains(empty + " is empty, expected a GGUF file");
    }

    @Test
    void answersTheKeysThatOthersRelyOn() {
        Map<String, Object> json = shell.run("info", model, "--json").json();
        int block = 2 * 8 * 8 + 2 * 8 * 4 + 3 * 8 * 16 + 2 * 8;
        assertThat(json)
                .containsEntry("architecture", "llama")
                .containsEntry("layers", 2)
                .containsEntry("executed_layers", 2)
                .containsEntry("hidden_size", 8)
                .containsEntry("intermediate_size", 16)
                .containsEntry("heads", 2)
                .containsEntry("kv_heads", 1)
                .containsEntry("head_dim", 4)
                .containsEntry("vocabulary", 260)
                .containsEntry("context", 64)
                .containsEntry("parameters", 2 * block + 8 + 260 * 8)
                .containsEntry("parameters_without_embedding", 2 * block + 8)
                .containsEntry("tied", true)
                .containsEntry("sharing", Map.of("strategy", "none", "repeats", 1, "cache", "own"))
                .containsEntry("kv_bytes_per_token", Map.of("f16", 2 * 2 * 4 * 2, "f32", 64));
        assertThat(json.get("tensors"))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(2 * 9 + 2)
                .contains(
                        Map.of(
                                "name",
                                "token_embd.weight",
                                "type",
                                "f32",
                                "shape",
                                List.of(260, 8),
                                "bytes",
                                260 * 8 * 4));
    }

    @Test
    void tellsAboutModelDirectories() {
        Path directory = Shared.path("fixtures/models/ls-192x2/bin");
        Map<String, Object> json = shell.run("info", directory.toString(), "--json").json();
        assertThat(json)
                .containsEntry("format", "PyTorch")
                .containsEntry("architecture", "mobilellm")
                .containsEntry("layers", 2)
                .containsEntry("executed_layers", 4)
                .containsEntry("parameters", 738_240);
        assertThat(json.get("tensors"))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(2 * 9 + 2);
        Shell.Result page = shell.run("info", directory.toString(), "--tensors");
        assertThat(page.exitCode()).isZero();
        assertThat(page.output())
                .contains("layer sharing         immediate, each block 2 times, cache own")
                .contains("model.layers.1.mlp.down_proj.weight")
                .contains("model_type");
        assertThat(page.error()).isEmpty();
    }

    @Test
    void warnsOfWhatADirectoryDoesNotSay() throws IOException {
        Path directory = Files.createDirectory(folder.resolve("silent"));
        Path source = Shared.path("fixtures/models/plain-96x4/safetensors");
        Files.copy(source.resolve("model.safetensors"), directory.resolve("model.safetensors"));
        Files.writeString(
                directory.resolve("config.json"),
                Files.readString(source.resolve("config.json"))
                        .replace("\"layer_sharing\": false,", ""));
        Shell.Result page = shell.run("info", directory.toString());
        assertThat(page.exitCode()).isZero();
        assertThat(page.error()).contains("warning: ").contains("'layer_sharing'");
    }

    @Test
    void sharingOfTheCommandLineWins() {
        Map<String, Object> json =
                shell.run("info", model, "--json", "--sharing", "repeat-all-over:3:first-visit")
                        .json();
        assertThat(json)
                .containsEntry("layers", 2)
                .containsEntry("executed_layers", 6)
                .containsEntry(
                        "sharing",
                        Map.of(
                                "strategy", "repeat-all-over",
                                "repeats", 3,
                                "cache", "first-visit"))
                .containsEntry("kv_bytes_per_token", Map.of("f16", 32, "f32", 64));
    }

    @Test
    void showsAlignedSectionsToPeople() {
        Shell.Result result = shell.run("info", model, "--tensors");
        assertThat(result.error()).isEmpty();
        assertThat(result.output())
                .contains(model, "GGUF v3", "Tiny", "blk.1.ffn_down.weight", "F32")
                .contains("2 stored, 2 executed", "2 query, 1 key/value", "<|im_end|>")
                .doesNotContain("\u001b");
    }

    @ParameterizedTest
    @CsvSource({
        "immediate:2, 'expected STRATEGY:REPEATS:CACHE such as immediate:2:own'",
        "sideways:2:own, 'expected as strategy one of none, immediate, repeat-all-over, reverse'",
        "immediate:9:own, 'expected a whole number from 1 to 8'",
        "none:2:own, 'without layer sharing a block runs once'",
        "immediate:2:mine, 'expected as cache one of own, first-visit'"
    })
    void wrongSharingIsWrongUsage(String sharing, String sentence) {
        Shell.Result result = shell.run("info", model, "--sharing", sharing);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).startsWith("error: ").contains("'--sharing'", sentence);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "many", "99999999999"})
    void wrongContextIsWrongUsage(String context) {
        Shell.Result result = shell.run("info", model, "--context=" + context);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.error())
                .contains("'--context'", "expected a whole number of at least 1, got '" + context);
    }

    @Test
    void aFileOfAnotherKindIsRefused() throws IOException {
        Path other = Files.writeString(folder.resolve("notes.txt"), "not a model");
        failsNaming(other);
    }

    @Test
    void anEmptyFileIsRefused() throws IOException {
        failsNaming(Files.createFile(folder.resolve("empty.gguf")));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 20, 1000, -1})
    void aTruncatedFileIsRefused(int length) throws IOException {
        byte[] whole = Files.readAllBytes(Path.of(model));
        int kept = length < 0 ? whole.length + length : length;
        failsNaming(Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(whole, kept)));
    }

    @Test
    void aDirectoryWithoutAModelIsRefused() throws IOException {
        failsNaming(Files.createDirectory(folder.resolve("nothing")));
    }

    @Test
    void stackTraceIsShownOnRequestOnly() {
        String missing = folder.resolve("missing.gguf").toString();
        assertThat(shell.run("info", missing).error()).hasLineCount(1);
        assertThat(shell.run("info", missing, "--stacktrace").error())
                .contains("\tat mobilellm.app.");
    }

    @Test
    void knowsTheRealModel() throws Exception {
        Map<String, Object> json = shell.run("info", RealModel.path().toString(), "--json").json();
        assertThat(json)
                .containsEntry("architecture", "llama")
                .containsEntry("layers", 30)
                .containsEntry("hidden_size", 576)
                .containsEntry("parameters", 134_515_008)
                .containsEntry("parameters_without_embedding", 106_203_456)
                .containsEntry(
                        "kv_bytes_per_token", Map.of("f16", 23_040, "f32", 46_080, "q8_0", 12_240));
    }

    private void failsNaming(Path path) {
        Shell.Result result = shell.run("info", path.toString());
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).startsWith("error: ").contains(path.toString()).hasLineCount(1);
    }
}
