package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.gguf.GgufFile;
import mobilellm.tensor.Tensor;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// `compare-tensors` on models of a few thousand weights, and on the built-in one.
class CompareTensorsVerbTest {
    private static final String UP = "blk.1.ffn_up.weight";
    private static final int TENSORS = 20;

    @TempDir Path folder;
    private final Shell shell = new Shell();
    private Path model = Path.of("");

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf"));
    }

    /// The model with another number at one place.
    private Path changed(String tensor, int element, float value) throws IOException {
        byte[] bytes = Files.readAllBytes(model);
        long at = 0;
        try (GgufFile file = GgufFile.open(model)) {
            long all = file.tensors().stream().mapToLong(each -> each.data().byteSize()).sum();
            at = bytes.length - all;
            for (Tensor each : file.tensors()) {
                if (each.name().equals(tensor)) {
                    break;
                }
                at += each.data().byteSize();
            }
        }
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(Math.toIntExact(at + 4L * element), value);
        return Files.write(folder.resolve("changed.gguf"), bytes);
    }

    private Map<String, Object> compare(Path a, Path b) {
        return shell.run("compare-tensors", a.toString(), b.toString(), "--json", "-q").json();
    }

    private static List<?> list(Map<String, Object> answer, String key) {
        return (List<?>) Objects.requireNonNull(answer.get(key));
    }

    private static double number(Map<?, ?> object, String key) {
        return ((Number) Objects.requireNonNull(object.get(key))).doubleValue();
    }

    /// As TinyModel makes numbers.
    private static float original(int elements, int element) {
        return (float) Math.sin(elements + 0.7 * element);
    }

    @Test
    void aChangeIsMeasuredAndComesFirst() throws IOException {
        int elements = TinyModel.INTERMEDIATE * TinyModel.HIDDEN;
        Map<String, Object> answer = compare(model, changed(UP, 5, original(elements, 5) + 0.5f));
        assertThat(list(answer, "tensors")).hasSize(TENSORS);
        Map<?, ?> worst = (Map<?, ?>) list(answer, "tensors").getFirst();
        assertThat((Object) worst.get("name")).isEqualTo(UP);
        double squares = 0;
        for (int i = 0; i < elements; i++) {
            squares += Math.pow(original(elements, i), 2);
        }
        double product = squares + 0.5 * original(elements, 5);
        double other = squares + original(elements, 5) + 0.25;
        assertThat(number(worst, "max")).isCloseTo(0.5, within(1e-6));
        assertThat(number(worst, "max_at")).isEqualTo(5);
        assertThat(number(worst, "rms")).isCloseTo(0.5 / Math.sqrt(elements), within(1e-6));
        assertThat(number(worst, "relative_rms")).isCloseTo(0.5 / Math.sqrt(squares), within(1e-6));
        assertThat(number(worst, "cosine"))
                .isCloseTo(product / Math.sqrt(squares * other), within(1e-6));
        Map<?, ?> next = (Map<?, ?>) list(answer, "tensors").get(1);
        assertThat(number(next, "relative_rms")).isZero();
        assertThat(number(next, "cosine")).isEqualTo(1);
    }

    /// The rows of queries and keys lie in another order in a directory than in a GGUF file.
    @Test
    void formatsMakeNoDifference() throws IOException {
        Path directory = folder.resolve("directory");
        shell.run("convert", model.toString(), directory.toString());
        Map<String, Object> same = compare(model, directory);
        assertThat(list(same, "tensors")).hasSize(TENSORS);
        assertThat(number(same, "relative_rms")).isZero();
        // Row 1 of a head's 4 in the GGUF file is row 2 of the directory.
        Path other = changed("blk.0.attn_q.weight", TinyModel.HIDDEN, 9);
        Map<?, ?> there = (Map<?, ?>) list(compare(other, directory), "tensors").getFirst();
        Map<?, ?> back = (Map<?, ?>) list(compare(directory, other), "tensors").getFirst();
        assertThat((Object) there.get("name")).isEqualTo("blk.0.attn_q.weight");
        assertThat(number(there, "max_at")).isEqualTo(TinyModel.HIDDEN);
        assertThat(number(back, "max_at")).isEqualTo(2 * TinyModel.HIDDEN);
    }

    @Test
    void brokenNumbersAreNamedAndLeftOut() throws IOException {
        Path broken = changed("token_embd.weight", 7, Float.NaN);
        Shell.Result result = shell.run("compare-tensors", model.toString(), broken.toString());
        assertThat(result.exitCode()).isZero();
        assertThat(result.output())
                .contains("B is broken: element 7 of tensor token_embd.weight is NaN or infinite");
        Map<?, ?> worst = (Map<?, ?>) list(compare(broken, model), "tensors").getFirst();
        assertThat((Object) worst.get("name")).isEqualTo("token_embd.weight");
        assertThat(number(worst, "non_finite_a")).isEqualTo(7);
        assertThat(number(worst, "max")).isZero();
    }

    @Test
    void modelsOfOtherSizesAreToldApart() {
        shell.with("MOBILELLM_HOME", folder.resolve("home").toString());
        shell.run("pull", "tiny", "-q");
        Shell.Result result = shell.run("compare-tensors", model.toString(), "tiny");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output())
                .contains("all weights: relative rms 0.00000; 0 of 0 tensors are equal")
                .contains("different shapes: token_embd.weight is [260, 8] in A and [")
                .contains("only in B: blk.14.");
    }

    @Test
    void aPageShowsAllTensorsAndNeedsNothingElse() throws IOException {
        shell.with("MOBILELLM_HOME", folder.resolve("home").toString());
        Path small = folder.resolve("small.gguf");
        String source =
                String.valueOf(shell.run("pull", "tiny", "--json", "-q").json().get("path"));
        shell.run("quantize", source, small.toString(), "--type=q4_0");
        Path page = folder.resolve("page.html");
        Shell.Result result =
                shell.run(
                        "compare-tensors",
                        source,
                        small.toString(),
                        "--html=" + page,
                        "--top=3",
                        "--threads=2");
        assertThat(result.exitCode()).as(result.error()).isZero();
        assertThat(result.output()).contains("tensors that are nearer");
        assertThat(page)
                .content()
                .contains("blk.0.attn_q.weight", "blk.14.ffn_down.weight", "</html>")
                .contains("aria-label=\"relative rms of ffn_down\"")
                .doesNotContain("http", "src=", "<script");
        Shell.Result again =
                shell.run("compare-tensors", source, small.toString(), "--html=" + page);
        assertThat(again.exitCode()).isEqualTo(1);
        assertThat(again.error()).contains("page.html", "is there already");
    }
}
