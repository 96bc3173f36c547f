package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.kernel.Kernels;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The pages that verbs write, opened in a browser on a desk and on a telephone: they load nothing, fit, are read without
/// colours, and no words of a plot are lost.
@Timeout(180)
class PagesInBrowserTest {
    private static final List<Integer> WIDTHS = List.of(1280, 400);

    @AutoClose private static Browser browser;

    @TempDir Path folder;
    private final Shell shell = new Shell();

    @BeforeAll
    static void openBrowser() throws IOException {
        browser = Browser.assumeChromium();
    }

    private String tinyModel() throws IOException {
        return TinyModel.write(folder.resolve("tiny.gguf")).toString();
    }

    private void run(String... arguments) {
        Shell.Result result = shell.run(arguments);
        assertThat(result.exitCode()).as(result.error()).isZero();
    }

    /// Opens the page at all widths; the last one stays open.
    private static void assertNoFaults(Path page) {
        for (int width : WIDTHS) {
            assertThat(browser.faults(page, width)).as("faults at width %d", width).isEmpty();
        }
    }

    /// The folder of a run with a report and samples.
    private Path evaluated(String name, String... options) throws IOException {
        Path data = folder.resolve("data");
        Path out = folder.resolve(name);
        run(
                TestArguments.of(
                        "eval",
                        tinyModel(),
                        TestArguments.of(
                                "--tasks=arc_easy,winogrande,wikitext",
                                "--data=" + (Files.exists(data) ? data : TinyDocuments.write(data)),
                                TestArguments.of(
                                        "--unchecked-data",
                                        "--log-samples",
                                        TestArguments.of("--out=" + out, options)))));
        return out;
    }

    @Test
    void theReportOfEval() throws IOException {
        try (Stream<Path> files = Files.walk(evaluated("out"))) {
            assertNoFaults(
                    files.filter(file -> file.toString().endsWith(".html"))
                            .findFirst()
                            .orElseThrow());
        }
        assertThat(browser.plots())
                .containsExactly(
                        "calibration of arc_easy",
                        "calibration of winogrande",
                        "length of arc_easy",
                        "length of winogrande");
        assertThat(browser.text())
                .contains("Zero-shot scores of", "Published by others", "MobileLLM-LS-125M")
                .contains("Task", "Metric", "Documents", "Score", "95 % interval")
                .contains("acc_norm", "wikitext", "bits_per_byte", "43.9")
                .contains("arc_easy: expected calibration error", "share right", "confidence")
                .contains("Length of the question", "tokens of the context")
                .contains("Near ties", "What scores depend on", "num_fewshot");
    }

    @Test
    void thePageOfEvalCompare() throws IOException {
        String a = evaluated("a").toString();
        String b = evaluated("b", "--sharing=immediate:2:own").toString();
        Path page = folder.resolve("compared.html");
        run("eval", "compare", a, b, "--html=" + page);
        assertNoFaults(page);
        assertThat(browser.text())
                .contains("Two runs, document by document", "McNemar p", "mean of 2")
                .contains("Documents that only one run has right", "right only in A")
                .contains("winogrande: ", "Choice", "He saw Al 0.", "He saw Bo 0.");
    }

    @Test
    void thePageOfBench() throws IOException {
        Path page = folder.resolve("speed.html");
        run(
                "bench",
                tinyModel(),
                "--prefill=8",
                "--decode=4",
                "--runs=2",
                "--threads=1",
                "--html=" + page);
        assertNoFaults(page);
        assertThat(browser.text())
                .contains("Speed of", "processor", "first token, ms", "prefill 8, tokens/s")
                .contains("Medians, with the slowest and the fastest run.")
                .contains("of the time", "bound by", "of its peak", "multiply", "barriers");
        // Peaks are measured in machine code.
        if (Kernels.of("machine").isUsable()) {
            assertThat(browser.plots()).singleElement().asString().startsWith("roofline of ");
            assertThat(browser.text())
                    .contains("What the processor can do", "int8 products, Gop/s")
                    .contains("operations a byte", "filled marks are prefill, hollow ones decode");
        }
    }

    @Test
    void thePageOfCompareTensors() {
        shell.with("MOBILELLM_HOME", folder.resolve("home").toString());
        Path small = folder.resolve("small.gguf");
        Path page = folder.resolve("tensors.html");
        run("pull", "tiny", "--quiet");
        run("quantize", "tiny", small.toString(), "--type=q4_0");
        run("compare-tensors", "tiny", small.toString(), "--html=" + page, "--threads=2");
        assertNoFaults(page);
        assertThat(browser.plots())
                .contains("relative rms of attn_q", "relative rms of ffn_down")
                .hasSize(7);
        assertThat(browser.text())
                .contains("small.gguf, compared with tiny", "all weights: relative rms")
                .contains("tensor", "types", "largest", "cosine")
                .contains("blk.0.attn_q.weight", "blk.14.ffn_down.weight", "q8_0 q4_0");
    }

    /// Two names at each corner, and numbers from the smallest to the largest.
    @Test
    void namesAndNumbersOfPlotsFindRoom() throws IOException {
        StringBuilder page = new StringBuilder();
        List<String> titles = new ArrayList<>();
        for (double top : new double[] {1e-9, 0.0009, 0.01, 0.9, 1, 999, 1e12}) {
            Plot plot = new Plot("operations a byte", "relative rms", List.of("0", "16384"), top);
            for (int corner = 0; corner < 4; corner++) {
                int x = corner % 2;
                int y = corner / 2;
                plot.words(1, y, "int8");
                plot.named(x, y, true, "multiply").named(x, y, false, "reduce_logits");
            }
            titles.add("up to " + top);
            Html.figure(page, plot.svg(titles.getLast()), "w".repeat(200));
        }
        assertNoFaults(Files.writeString(folder.resolve("plots.html"), Html.page("Plots", page)));
        assertThat(browser.plots()).isEqualTo(titles);
    }

    @Test
    void faultsAreSeen() throws IOException {
        Path page =
                Files.writeString(
                        folder.resolve("faulty.html"),
                        """
                        <!doctype html><title>Faults</title>
                        <p style="width: 500px; color: #300">wide</p><img src="http://nowhere/">
                        <svg aria-label="hidden" style="visibility: hidden"></svg>
                        <svg aria-label="full"><text y="20">one</text><text y="22">two</text>
                        <text x="290" y="80">three</text></svg>
                        <script>console.warn('look here')</script>
                        """);
        assertThat(String.join("\n", browser.faults(page, 400)))
                .contains("the page is 508 wide and the window 4")
                .contains("color of P is rgb(51, 0, 0)")
                .contains("the page loads http://nowhere/", "Failed to load resource")
                .contains("hidden is not to be seen")
                .contains("full: 'one' lies over 'two'", "full: 'three' leaves the plot")
                .contains("look here");
        assertThat(browser.faults(page, 1280)).noneMatch(fault -> fault.contains("wide"));
    }
}
