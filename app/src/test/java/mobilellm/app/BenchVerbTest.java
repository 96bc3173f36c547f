package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import mobilellm.kernel.Kernels;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

class BenchVerbTest {
    @TempDir Path folder;
    private final Shell shell = new Shell();
    private String model = "";

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
    }

    private Shell.Result bench(String... options) {
        String[] small = TestArguments.of("--prefill=8", "--decode=4", options);
        return shell.run(
                TestArguments.of(
                        "bench", model, TestArguments.of("--runs=2", "--threads=1", small)));
    }

    @Test
    void providersAreMeasuredInTurns() {
        Shell.Result result = bench("--kernels", "vector,scalar", "--json");
        assertThat(result.exitCode()).isZero();
        Map<String, Object> report = result.json();
        List<?> runs = (List<?>) report.getOrDefault("runs", List.of());
        assertThat(runs)
                .extracting(run -> String.valueOf(((Map<?, ?>) run).get("kernels")))
                .containsExactly("vector", "scalar", "vector", "scalar");
        assertThat(runs)
                .allSatisfy(
                        run ->
                                assertThat((Map<?, ?>) run)
                                        .extracting(
                                                "threads",
                                                "prefill_tps",
                                                "decode_tps",
                                                "load_ms",
                                                "first_token_ms")
                                        .allMatch(value -> ((Number) value).doubleValue() > 0));
        assertThat(report).containsKeys("summary", "roofline", "java");
        assertThat(result.error()).contains("vector, run 1 of 2", "scalar, run 2 of 2");
    }

    @Test
    void modelsAreMeasuredInTurns() throws IOException {
        Path other = folder.resolve("other.gguf");
        Files.copy(Path.of(model), other);
        Path page = folder.resolve("both.html");
        Shell.Result result =
                bench(other.toString(), "--kernels", "scalar", "--html=" + page, "--json");
        assertThat(result.exitCode()).isZero();
        for (String part : List.of("runs", "summary")) {
            assertThat((List<?>) result.json().getOrDefault(part, List.of()))
                    .extracting(one -> name(String.valueOf(((Map<?, ?>) one).get("model"))))
                    .startsWith("tiny.gguf", "other.gguf");
        }
        assertThat(result.error()).contains("tiny.gguf, run 1 of 2", "other.gguf, run 2 of 2");
        assertThat(Files.readString(page)).contains("other.gguf, prefill 8", "tiny.gguf, decode 4");
        assertThat(bench(other.toString(), "--kernels", "vector,scalar", "--quiet").output())
                .contains("other.gguf vector", "tiny.gguf scalar");
    }

    private static String name(String path) {
        return String.valueOf(Path.of(path).getFileName());
    }

    @Test
    void aPageMayNotReplaceAModelThatIsMeasured() {
        Path other = folder.resolve("other.gguf");
        Shell.Result result = bench("--html=" + other, other.toString(), "--force");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(Path.of(model)).isNotEmptyFile();
        assertThat(bench("--html=" + model, "--force").exitCode()).isEqualTo(1);
        assertThat(Path.of(model)).isNotEmptyFile();
    }

    @Test
    void decodingIsMeasuredBehindAFilledCache() {
        Shell.Result result = bench("--depth", "40", "--json", "--kernels", "scalar");
        assertThat(result.exitCode()).isZero();
        assertThat(result.json()).containsEntry("depth", 40);
        Shell.Result without = bench("--json", "--kernels", "scalar");
        Map<?, ?> filled = (Map<?, ?>) result.json().getOrDefault("roofline", Map.of());
        Map<?, ?> empty = (Map<?, ?>) without.json().getOrDefault("roofline", Map.of());
        // Some two positions are behind each of the 4 tokens, or 42.
        assertThat(attended(result)).isGreaterThan(10 * attended(without));
        assertThat(bytes(filled, "bytes_per_token")).isGreaterThan(bytes(empty, "bytes_per_token"));
        assertThat(bench("--depth", "40", "--kernels", "scalar").output())
                .contains("decode 4 after 40");
    }

    /// Bytes of keys and values that attention read.
    private static double attended(Shell.Result result) {
        return ((List<?>) result.json().getOrDefault("operations", List.of()))
                .stream()
                        .map(operation -> (Map<?, ?>) operation)
                        .filter(operation -> "attend".equals(operation.get("name")))
                        .map(operation -> (Map<?, ?>) operation.get("decode"))
                        .mapToDouble(
                                work -> Double.parseDouble(String.valueOf(work.get("model_bytes"))))
                        .sum();
    }

    private static long bytes(Map<?, ?> roofline, String key) {
        return Long.parseLong(String.valueOf(roofline.get(key)));
    }

    @Test
    void severalStreamsAreMeasuredTogether() {
        Shell.Result result = bench("--streams", "1,4", "--json", "--kernels", "scalar");
        assertThat((List<?>) result.json().getOrDefault("streams", List.of()))
                .extracting(
                        stream -> ((Map<?, ?>) stream).get("kernels"),
                        stream -> ((Map<?, ?>) stream).get("count"))
                .containsExactly(tuple("scalar", 1), tuple("scalar", 4));
        assertThat(bench("--streams", "2", "--quiet").output()).contains(" 2 streams at once:");
    }

    @Test
    void theTimeOfAllOperationsIsToldInShares() {
        Shell.Result result = bench("--kernels", "scalar", "--json");
        List<?> operations = (List<?>) result.json().getOrDefault("operations", List.of());
        assertThat(operations)
                .extracting(one -> String.valueOf(((Map<?, ?>) one).get("name")))
                .contains("multiply", "attend", "rms_norm", "barriers")
                .doesNotContain("add_bias");
        assertThat(sum(operations, "decode_share")).isCloseTo(1, within(1e-9));
        assertThat(sum(operations, "prefill_share")).isCloseTo(1, within(1e-9));
    }

    private static double sum(List<?> objects, String key) {
        double sum = 0;
        for (Object object : objects) {
            sum +=
                    ((Map<?, ?>) object).get(key) instanceof Number number
                            ? number.doubleValue()
                            : 0;
        }
        return sum;
    }

    @Test
    void whatIsReachedIsComparedWithWhatTheProcessorCanDo() {
        assumeTrue(Kernels.of("machine").isUsable(), "peaks are measured in machine code");
        Map<String, Object> report = bench("--kernels", "machine", "--json").json();
        Map<?, ?> roofline = (Map<?, ?>) report.getOrDefault("roofline", Map.of());
        for (String peak :
                List.of(
                        "int8_operations_per_second",
                        "f32_operations_per_second",
                        "l1_bytes_per_second",
                        "l2_bytes_per_second",
                        "memory_bytes_per_second",
                        "read_bytes_per_second",
                        "share")) {
            assertThat(number(roofline, peak)).as(peak).isPositive();
        }
        List<?> operations = (List<?>) report.getOrDefault("operations", List.of());
        Map<?, ?> multiply =
                operations.stream()
                        .map(one -> (Map<?, ?>) one)
                        .filter(one -> "multiply".equals(one.get("name")))
                        .findFirst()
                        .orElseThrow();
        long heads = TinyModel.HEADS + 2 * TinyModel.KEY_VALUE_HEADS;
        long queriesKeysValues = TinyModel.HIDDEN * heads * TinyModel.HEAD_DIM;
        long others =
                TinyModel.HIDDEN
                        * (TinyModel.HEADS * TinyModel.HEAD_DIM + 3L * TinyModel.INTERMEDIATE);
        long head = TinyModel.VOCABULARY * (long) TinyModel.HIDDEN;
        long token = TinyModel.LAYERS * (queriesKeysValues + others) + head;
        assertThat(amount(multiply, "decode", "f32_operations")).isEqualTo(4 * 2.0 * token);
        // Of the last layer, only the last of 8 tokens is computed whole.
        assertThat(amount(multiply, "prefill", "f32_operations"))
                .isEqualTo(8 * 2.0 * token - 7 * 2.0 * (others + head));
        assertThat(bench("--kernels", "machine").output()).contains("peaks (threads: 1): int8 ");
    }

    private static double amount(Map<?, ?> operation, String phase, String name) {
        return operation.get(phase) instanceof Map<?, ?> work ? number(work, name) : Double.NaN;
    }

    private static double number(Map<?, ?> object, String key) {
        return Double.parseDouble(String.valueOf(object.get(key)));
    }

    @Test
    void thePageNeedsNoOtherFileAndIsReplacedOnlyByForce() throws IOException {
        Path page = folder.resolve("speed.html");
        assertThat(bench("--html=" + page).exitCode()).isZero();
        assertThat(Files.readString(page))
                .contains("<svg", "multiply", "barriers", Version.number(), "prefill 8", "decode 4")
                .doesNotContain("src=", "href=", "url(", "<script", "NaN");
        assertThat(bench("--html=" + page).exitCode()).isEqualTo(1);
        assertThat(bench("--html=" + page, "--force").exitCode()).isZero();
    }

    @Test
    void peopleGetATable() {
        Shell.Result result = bench("--quiet");
        assertThat(result.error()).isEmpty();
        assertThat(result.output())
                .contains("prefill 8", "decode 4", "tokens/s (", "a token reads ", "  multiply ");
    }

    @Test
    void theMiddleOfAFewRunsIsTold() {
        assertThat(Spread.of(3, 1, 2)).isEqualTo(new Spread(2, 1, 3));
        assertThat(Spread.of(4, 1, 2, 3).median()).isCloseTo(2.5, within(0.0));
    }

    @Test
    void theReferenceIsNotMeasured() {
        Shell.Result result = bench("--kernels", "reference");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.error()).contains("compute logits only");
    }
}
