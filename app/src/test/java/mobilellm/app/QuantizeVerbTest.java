package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.gguf.GgufFile;
import mobilellm.testing.ChildProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opentest4j.TestAbortedException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/// `quantize` and `imatrix`, on the built-in model: shared layers, a tied embedding, 16 million weights.
class QuantizeVerbTest {
    private static final String TEXT =
            "Once upon a time there was a little girl who had a red ball. ".repeat(8);

    @TempDir Path folder;
    private final Shell shell = new Shell();

    private Path builtIn() throws IOException {
        shell.with("MOBILELLM_HOME", folder.resolve("home").toString());
        Map<String, Object> pulled = shell.run("pull", "tiny", "--json", "--quiet").json();
        return Path.of(String.valueOf(pulled.get("path")));
    }

    private static double number(Map<String, Object> answer, String key) {
        return ((Number) answer.getOrDefault(key, Double.NaN)).doubleValue();
    }

    @Test
    void programsLearnWhatItCostAndTheModelStillTellsStories() throws IOException {
        Path source = builtIn();
        Path target = folder.resolve("small.gguf");
        Map<String, Object> answer =
                shell.run(
                                "quantize",
                                source.toString(),
                                target.toString(),
                                "--type=q4_0",
                                "--tensor-type=ffn_down=q5_0",
                                "--json",
                                "-q")
                        .json();
        assertThat(number(answer, "bytes")).isEqualTo((double) Files.size(target));
        Map<String, Object> info = shell.run("info", target.toString(), "--json", "-q").json();
        assertThat(number(answer, "bits_per_weight"))
                .isCloseTo(8.0 * Files.size(target) / number(info, "parameters"), within(1e-9))
                .isBetween(4.5, 8.0);
        Map<?, ?> types = (Map<?, ?>) Objects.requireNonNull(answer.get("types"));
        assertThat(types.keySet().stream().map(String::valueOf))
                .containsExactlyInAnyOrder("f32", "q8_0", "q5_0", "q4_0");
        assertThat(info.get("sharing"))
                .isEqualTo(shell.run("info", "tiny", "--json", "-q").json().get("sharing"));
        assertThat(perplexity(target)).isLessThan(1.2 * perplexity(source));
    }

    private double perplexity(Path model) {
        return number(
                shell.input(TEXT)
                        .run("perplexity", model.toString(), "--file=-", "--json", "-q")
                        .json(),
                "perplexity");
    }

    @Test
    void anImportanceMatrixIsMadeMergedAndUsed() throws IOException {
        String source = builtIn().toString();
        Path once = folder.resolve("once.gguf");
        Path twice = folder.resolve("twice.gguf");
        Map<String, Object> answer =
                shell.input(TEXT)
                        .run("imatrix", source, "--file=-", "--out=" + once, "--json", "-q")
                        .json();
        assertThat(answer).containsEntry("chunks", 1).containsEntry("datasets", List.of("stdin"));
        assertThat(number(answer, "matrices")).isGreaterThan(7);
        Shell.Result merged =
                shell.input(TEXT)
                        .run("imatrix", source, "--file=-", "--merge=" + once, "--out=" + twice);
        assertThat(merged.exitCode()).isZero();
        assertThat(merged.output()).contains("from 2 windows of text", "a perplexity of ");
        Path plain = folder.resolve("plain.gguf");
        Path weighted = folder.resolve("weighted.gguf");
        String half = "--tensor-type=ffn_(gate|up)=q8_0"; // for time: IQ4_NL is searched for
        assertThat(
                        shell.run("quantize", source, plain.toString(), "--type=iq4_nl", half)
                                .exitCode())
                .isZero();
        Shell.Result result =
                shell.run(
                        "quantize",
                        source,
                        weighted.toString(),
                        "--type=iq4_nl",
                        half,
                        "--imatrix=" + twice);
        assertThat(result.exitCode()).isZero();
        assertThat(result.output())
                .contains("bits per weight", "the embedding takes ", "% of the bits");
        assertThat(Files.size(weighted)).isEqualTo(Files.size(plain));
        assertThat(Files.mismatch(weighted, plain)).isNotNegative();
        assertThat(perplexity(weighted)).isLessThan(1.2 * perplexity(Path.of(source)));
    }

    /// Few tokens, and rounding is measured once for all: the choice keeps to the size, and diverges less where there are more
    /// bits.
    @Test
    void typesAreChosenForASize() throws IOException {
        String source = builtIn().toString();
        Map<String, Object> small = mix(source, "small", "--target=4.8bpw");
        Map<String, Object> large = mix(source, "large", "--target=6.5bpw");
        assertThat(number(small, "bits_per_weight")).isBetween(4.6, 4.8);
        assertThat(number(large, "bits_per_weight")).isBetween(6.2, 6.5);
        assertThat(divergence(large)).isPositive().isLessThan(divergence(small));
        double most = (divergence(small) + divergence(large)) / 2;
        Map<String, Object> limited = mix(source, "limited", "--max-kl=" + most);
        assertThat(divergence(limited)).isLessThanOrEqualTo(most);
        assertThat(number(limited, "bits_per_weight")).isLessThan(number(large, "bits_per_weight"));
        Shell.Result impossible =
                shell.input(TEXT)
                        .run(
                                "quantize",
                                source,
                                folder.resolve("no.gguf").toString(),
                                "--target=3",
                                "--file=-",
                                "--window=32",
                                "--limit=1",
                                "--sensitivities=" + folder.resolve("costs.json"));
        assertThat(impossible.exitCode()).isEqualTo(1);
        assertThat(impossible.error()).contains("--target is too small", "bits per weight more");
    }

    /// The second target takes what was measured for the first, which shows in nothing but the time; another text is refused.
    @Test
    void sensitivitiesAreKept() throws IOException {
        Path source = builtIn();
        Path kept = folder.resolve("costs.json");
        String keeping = "--sensitivities=" + kept;
        assertThat(chosen(source, "first", TEXT, keeping).exitCode()).isZero();
        String costs = Files.readString(kept);
        assertThat(chosen(source, "again", TEXT, keeping).exitCode()).isZero();
        assertThat(kept).hasContent(costs);
        assertThat(folder.resolve("again.gguf"))
                .hasSameBinaryContentAs(folder.resolve("first.gguf"));
        Shell.Result other = chosen(source, "other", "Another text. " + TEXT, keeping);
        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.error()).contains("costs.json", "another model or text");
        Files.writeString(kept, "[]");
        assertThat(chosen(source, "broken", TEXT, keeping).error())
                .contains("expected the JSON that --sensitivities writes");
    }

    private Shell.Result chosen(Path source, String name, String text, String option) {
        return shell.input(text)
                .run(
                        "quantize",
                        source.toString(),
                        folder.resolve(name + ".gguf").toString(),
                        "--target=5",
                        "--file=-",
                        "--window=16",
                        "--limit=1",
                        option);
    }

    private Map<String, Object> mix(String source, String name, String option) {
        return shell.input(TEXT)
                .run(
                        "quantize",
                        source,
                        folder.resolve(name + ".gguf").toString(),
                        option,
                        "--file=-",
                        "--window=32",
                        "--limit=1",
                        "--sensitivities=" + folder.resolve("costs.json"),
                        "--json",
                        "-q")
                .json();
    }

    private static double divergence(Map<String, Object> answer) {
        Map<?, ?> kl = (Map<?, ?>) Objects.requireNonNull(answer.get("kl"));
        return ((Number) Objects.requireNonNull(kl.get("mean"))).doubleValue();
    }

    @Test
    void aFileThatIsThereStaysUnlessForced() throws IOException {
        String source = builtIn().toString();
        Path target = Files.writeString(folder.resolve("there.gguf"), "precious");
        Shell.Result refused = shell.run("quantize", source, target.toString(), "--type=q8_0");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.error()).contains("there.gguf").contains("is there already");
        assertThat(target).hasContent("precious");
        assertThat(shell.run("quantize", source, target.toString(), "--type=q8_0", "--force"))
                .extracting(Shell.Result::exitCode)
                .isEqualTo(0);
        Shell.Result itself = shell.run("quantize", source, source, "--type=q8_0", "--force");
        assertThat(itself.exitCode()).isEqualTo(1);
        assertThat(itself.error()).contains("is the file that is read");
    }

    @Test
    void aDirectoryOfTheHubKeepsItsSharedLayers() throws IOException {
        Path directory = folder.resolve("hub");
        Path target = folder.resolve("small.gguf");
        shell.run("convert", builtIn().toString(), directory.toString(), "--type=f16");
        Shell.Result result =
                shell.run("quantize", directory.toString(), target.toString(), "--type=q8_0");
        assertThat(result.exitCode()).as(result.error()).isZero();
        assertThat(shell.run("info", target.toString(), "--json", "-q").json().get("sharing"))
                .isEqualTo(shell.run("info", "tiny", "--json", "-q").json().get("sharing"));
        assertThat(perplexity(target)).isLessThan(1.1 * perplexity(directory));
    }

    @Test
    void aQuantisedSourceIsTold() throws IOException {
        String source = builtIn().toString();
        Path q8 = folder.resolve("q8.gguf");
        Path q4 = folder.resolve("q4.gguf");
        shell.run("quantize", source, q8.toString(), "--type=q8_0", "--force");
        assertThat(shell.run("quantize", q8.toString(), q4.toString(), "--type=q4_1").error())
                .contains("the source is quantised (Q8_0)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--type q4_2 | 2 | unknown type 'q4_2'; did you mean q4_",
                "--type iq4nl | 2 | did you mean iq4_nl?",
                "--type q4_k | 2 | type q4_k can be read, but not written",
                "--type q8_0 --tensor-type ffn | 2 | expected REGEX=TYPE",
                "--type q8_0 --tensor-type (=q4_0 | 2 | is no regular expression",
                "--type q8_0 --tensor-type ffn_dwon=q4_0 | 1 | no matrix has 'ffn_dwon' in its"
                        + " name",
                "--type q4_0 --imatrix nowhere.gguf | 1 | nowhere.gguf",
                "--type q4_0 --imatrix MODEL | 1 | expected 'imatrix'",
                "'' | 2 | give one of --type, --target and --max-kl",
                "--type q8_0 --target 5 --file - | 2 | give one of --type, --target and --max-kl",
                "--target 5 --max-kl 1 --file - | 2 | one of --target and --max-kl",
                "--target 5 | 2 | give one with --file",
                "--type q8_0 --sensitivities x | 2 | --sensitivities is only for --target and"
                        + " --max-kl",
                "--type q8_0 --file - | 2 | --file is only for --target and --max-kl",
                "--target 5bits --file - | 2 | expected bits per weight such as 4.8bpw",
                "--max-kl 0 --file - | 2 | more than 0",
                "--target 5 --file - --tensor-type q=q4_0 | 2 | goes with --type",
            })
    void mistakesAreNamed(String options, int exitCode, String message) throws IOException {
        Path model = TinyModel.write(folder.resolve("model.gguf"));
        Path target = folder.resolve("target.gguf");
        String[] words =
                options.isEmpty()
                        ? new String[0]
                        : options.replace("MODEL", model.toString()).split(" ");
        String[] all =
                TestArguments.of(
                        "quantize", model.toString(), TestArguments.of(target.toString(), words));
        Shell.Result result = shell.run(all);
        assertThat(result.exitCode()).isEqualTo(exitCode);
        assertThat(result.error()).contains(message);
        assertThat(target).doesNotExist();
    }

    @Test
    void rowsThatAreNoWholeBlocksAreTold() throws IOException {
        Path model = TinyModel.write(folder.resolve("model.gguf"));
        Path target = folder.resolve("target.gguf");
        Shell.Result result =
                shell.run("quantize", model.toString(), target.toString(), "--type=q4_0");
        assertThat(result.exitCode()).isZero();
        assertThat(result.error())
                .contains("no whole blocks of 32: written in F16 instead of Q4_0");
        assertThat(shell.run("info", target.toString()).exitCode()).isZero();
    }

    /// A file that ends in the middle, as after a download that was broken off, and one with a number that is none.
    @Test
    void brokenSourcesLeaveNothing() throws IOException {
        Path model = TinyModel.write(folder.resolve("model.gguf"));
        byte[] bytes = Files.readAllBytes(model);
        Path target = folder.resolve("target.gguf");
        Path cut = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(bytes, bytes.length / 2));
        Shell.Result half = shell.run("quantize", cut.toString(), target.toString(), "--type=q4_0");
        assertThat(half.exitCode()).isEqualTo(1);
        assertThat(half.error()).contains("cut.gguf");
        try (GgufFile file = GgufFile.open(model)) {
            long data = file.tensors().stream().mapToLong(each -> each.data().byteSize()).sum();
            int seventh = Math.toIntExact(bytes.length - data + 7 * Float.BYTES);
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(seventh, Float.POSITIVE_INFINITY);
        }
        Files.write(model, bytes);
        Shell.Result infinite =
                shell.run("quantize", model.toString(), target.toString(), "--type=q4_0");
        assertThat(infinite.exitCode()).isEqualTo(1);
        assertThat(infinite.error()).contains("'token_embd.weight' (F32): element 7 is Infinity");
        assertThat(target).doesNotExist();
        assertThat(partials()).isEmpty();
    }

    private List<String> partials() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(Path::toString).filter(name -> name.endsWith(".partial")).toList();
        }
    }

    /// A disk of a megabyte, in a namespace of its own.
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no tmpfs")
    void aFullDiskIsToldAndKeepsNothing() throws IOException, InterruptedException {
        String source = builtIn().toString();
        Path disk = Files.createDirectory(folder.resolve("disk"));
        String script =
                """
                mount -t tmpfs -o size=1m none '%s' || exit 77
                "$@" 2>&1; code=$?; ls -A '%s' | sed 's/^/left: /'; exit $code
                """
                        .formatted(disk, disk);
        List<String> command = new ArrayList<>(List.of("unshare", "-rm", "sh", "-c", script, "sh"));
        command.addAll(
                java("quantize", source, disk.resolve("out.gguf").toString(), "--type=q8_0"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = process.waitFor();
        if (!told.contains("error: ")) {
            System.out.println("skipped: no file system of our own can be mounted here: " + told);
            throw new TestAbortedException("no mount");
        }
        assertThat(code).isEqualTo(1);
        assertThat(told).contains("out.gguf", "could not be written beyond byte ", "No space left");
        assertThat(told).doesNotContain("left: ");
    }

    private static List<String> java(String... arguments) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                "mobilellm.app.Main"));
        command.addAll(List.of(arguments));
        return command;
    }

    /// Interrupted when it has started to write.
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no signals")
    void whatWasInterruptedRunsAgain() throws IOException, InterruptedException {
        String source = builtIn().toString();
        Path target = folder.resolve("target.gguf");
        String[] words = {"quantize", source, target.toString(), "--type=q4_0", "--search"};
        Process process = ChildProcess.start("true", "mobilellm.app.Main", words);
        while (process.isAlive() && partials().isEmpty()) {
            Thread.onSpinWait();
        }
        ChildProcess.interrupt(process);
        if (process.waitFor() == 130) {
            assertThat(target).doesNotExist();
            assertThat(shell.run(words).exitCode()).isZero();
        }
        assertThat(partials()).isEmpty();
        assertThat(shell.run("info", target.toString()).exitCode()).isZero();
    }
}
