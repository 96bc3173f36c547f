package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

class LogitsVerbTest {
    private static final String IDS = "258,259,111,32,72,105";

    @TempDir Path folder;
    private final Shell shell = new Shell();
    private String model = "";

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
    }

    private Shell.Result logits(String... arguments) {
        return shell.run(TestArguments.of("logits", model, arguments));
    }

    private static List<?> top(Shell.Result result) {
        assertThat(result.error()).isEmpty();
        return (List<?>) result.json().getOrDefault("top", List.of());
    }

    /// Header and numbers of the file that the options give.
    private ByteBuffer file(String... options) throws IOException {
        Path out = folder.resolve("logits.safetensors");
        Shell.Result result = logits(TestArguments.of("--ids=" + IDS, "--out=" + out, options));
        assertThat(result.exitCode()).isZero();
        assertThat(result.error()).isEqualTo("wrote " + out + "\n");
        return ByteBuffer.wrap(Files.readAllBytes(out)).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void everyPositionTellsItsLargestLogits() {
        List<?> positions = top(logits("--ids", IDS, "--top", "3", "--json"));
        assertThat(positions).hasSize(6);
        assertThat((List<?>) positions.getFirst())
                .hasSize(3)
                .allSatisfy(
                        entry ->
                                assertThat(((Map<?, ?>) entry).keySet())
                                        .hasToString("[id, logit]"));
        List<?> last = top(logits("--ids", IDS, "--top", "3", "--last", "--json"));
        assertThat(last).isEqualTo(List.of(positions.getLast()));
    }

    @Test
    void aTextIsASequenceToo() throws IOException {
        List<?> expected = top(logits("--ids", IDS, "--json"));
        assertThat(top(logits("--prompt", "Hello Hi", "--json"))).isEqualTo(expected);
        Path ids = Files.writeString(folder.resolve("ids.txt"), IDS.replace(',', '\n'));
        assertThat(top(logits("--ids-file", ids.toString(), "--json"))).isEqualTo(expected);
    }

    @Test
    void theFileHoldsTheLogitsOfAllPositions() throws IOException {
        ByteBuffer file = file("--top", "1", "--json");
        int headerLength = Math.toIntExact(file.getLong());
        byte[] header = new byte[headerLength];
        file.get(header);
        assertThat((8 + headerLength) % 8).isZero();
        assertThat(Json.readObject(new String(header, StandardCharsets.UTF_8), "the header"))
                .isEqualTo(
                        Map.of(
                                "logits",
                                Map.of(
                                        "dtype", "F32",
                                        "shape", List.of(6, 260),
                                        "data_offsets", List.of(0, 6 * 260 * 4))));
        assertThat(file.remaining()).isEqualTo(6 * 260 * 4);
        float[] first = new float[260];
        file.asFloatBuffer().get(first);
        TopLogits.Entry largest = TopLogits.of(first, 1).entries().getFirst();
        assertThat(top(logits("--ids", IDS, "--top", "1", "--json")).getFirst().toString())
                .isEqualTo("[{id=%d, logit=%s}]".formatted(largest.id(), largest.logit()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--step", "--chunk=1", "--chunk=4", "--chunk=512", "--threads=1"})
    void theBitsDoNotDependOnHowTheyAreComputed(String option) throws IOException {
        assertThat(file(option)).isEqualTo(file());
    }

    @Test
    void theReferenceAgrees() {
        assertThat(ids(top(logits("--ids", IDS, "--kernels=reference", "--top=1", "--json"))))
                .isEqualTo(ids(top(logits("--ids", IDS, "--kernels=scalar", "--top=1", "--json"))));
    }

    private static List<Object> ids(List<?> positions) {
        return positions.stream()
                .<Object>map(position -> ((Map<?, ?>) ((List<?>) position).getFirst()).get("id"))
                .toList();
    }

    @Test
    void manySequencesAreAnsweredLineByLine() {
        shell.input("{\"ids\": [258, 259]}\n{\"ids\": [111]}\n");
        Shell.Result result = logits("--jsonl", "-", "--top", "2");
        assertThat(result.output().lines())
                .satisfiesExactly(
                        line ->
                                assertThat(Json.readObject(line, "line").get("top"))
                                        .asString()
                                        .startsWith("[[{id="),
                        line -> assertThat(Json.readObject(line, "line")).containsKey("top"));
    }

    @Test
    void textShowsPiecesWithoutControlCharacters() {
        Shell.Result result = logits("--ids", "258,10", "--top", "2");
        assertThat(result.output())
                .contains("position 0, after token 258 \"He\"", "after token 10 \"\\n\"");
        assertThat(result.output().lines()).hasSize(6);
    }

    @Test
    void equalLogitsAreOrderedById() {
        float[] logits = {1, 3, 2, 3, 3, Float.NEGATIVE_INFINITY};
        assertThat(TopLogits.of(logits, 4).entries())
                .extracting(TopLogits.Entry::id)
                .containsExactly(1, 3, 4, 2);
        assertThat(TopLogits.of(logits, 9).entries()).hasSize(6);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--top 3 | 2 | there is no sequence",
                "--ids 1 --prompt a | 2 | more than one sequence",
                "--ids 1 --step --chunk 2 | 2 | --step is --chunk 1",
                "--ids 1 --step --kernels reference | 2 | say nothing about them",
                "--jsonl - --out x | 2 | --out holds one sequence",
                "--ids 260 | 1 | expected token ids from 0 to 259, got '260'",
                "--ids , | 1 | empty",
                "--ids , --kernels reference | 1 | empty",
                "--ids 1 --chunk 513 | 1 | 512",
            })
    void whatCannotBeComputedIsSaid(String options, int exitCode, String message) {
        Shell.Result result = logits(options.split(" "));
        assertThat(result.error()).startsWith("error: ").contains(message);
        assertThat(result.exitCode()).isEqualTo(exitCode);
        assertThat(result.output()).isEmpty();
    }
}
