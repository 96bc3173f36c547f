package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

class PerplexityVerbTest {
    /// 200 bytes and 40 words; `He` is one token, so there are 180.
    private static final String TEXT = "He says hi".concat(" to it ").repeat(20).substring(0, 200);

    @TempDir Path folder;
    private final Shell shell = new Shell().input(TEXT);
    private String model = "";

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
    }

    private Shell.Result perplexity(String... options) {
        return shell.run(TestArguments.of("perplexity", model, options));
    }

    private static double number(Map<String, Object> answer, String key) {
        return ((Number) answer.getOrDefault(key, Double.NaN)).doubleValue();
    }

    @Test
    void programsGetEveryMeasure() {
        Map<String, Object> answer = perplexity("--file=-", "--json", "--quiet").json();
        assertThat(answer.keySet())
                .contains("perplexity", "stderr", "bits_per_byte", "word_perplexity", "tokens");
        double bits = number(answer, "bits_per_byte");
        assertThat(number(answer, "byte_perplexity")).isCloseTo(Math.pow(2, bits), within(1e-9));
        assertThat(number(answer, "perplexity"))
                .isCloseTo(Math.exp(number(answer, "loss")), within(1e-9));
        // As long as the context, and the rest is too short for another one.
        assertThat(number(answer, "window")).isEqualTo(TinyModel.CONTEXT);
        assertThat(number(answer, "tokens")).isEqualTo(2 * (TinyModel.CONTEXT - 1));
    }

    @Test
    void peopleGetThreeLinesAndTheEstimateOnTheWay() {
        Shell.Result result = perplexity("--file=-", "--window=32", "--stride=16", "--limit=3");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output())
                .startsWith("perplexity ")
                .contains(" ± ", "bits per byte", "tokens predicted: 63, in 3 windows of 32");
        assertThat(result.error()).contains("window 1 of 3: perplexity ", "window 2 of 3");
        assertThat(shell.input(TEXT).run("perplexity", model, "--file=-", "-q").error()).isEmpty();
    }

    @Test
    void textsOfLinesAreOneSequenceWithEndTokens() {
        shell.input("{\"text\": \"Hello\"}\n\n{\"text\": \"Hi\"}\n");
        Map<String, Object> answer = perplexity("--jsonl=-", "--json").json();
        // He ll o END H i END, the first of which is not predicted.
        assertThat(number(answer, "tokens")).isEqualTo(6);
    }

    @Test
    void aBaselineIsReadAtTheSameTime() {
        String[] options = {"--file=-", "--window=32", "--json", "--sharing=immediate:2:own"};
        Map<String, Object> answer =
                perplexity(
                                Stream.concat(Stream.of("--baseline=" + model), Stream.of(options))
                                        .toArray(String[]::new))
                        .json();
        Map<?, ?> divergence = (Map<?, ?>) answer.getOrDefault("kl", Map.of());
        assertThat(divergence.keySet())
                .extracting(Object::toString)
                .contains("mean", "p99", "max", "stderr");
        assertThat((Double) divergence.get("mean")).isPositive();
        assertThat(number(answer, "top1")).isBetween(0.0, 1.0);
        shell.input(TEXT);
        double alone = number(perplexity(options).json(), "perplexity");
        assertThat(number(answer, "perplexity")).isCloseTo(alone, within(1e-4));
        assertThat(number(answer, "baseline_perplexity")).isNotEqualTo(alone);
    }

    @Test
    void theCostOfEightBitsIsMeasuredAgainstTheSameModelInF32() {
        String[] options = {
            "--file=-",
            "--baseline=" + model,
            "--precision=w8a8",
            "--baseline-precision=f32",
            "--json"
        };
        Map<?, ?> divergence = (Map<?, ?>) perplexity(options).json().getOrDefault("kl", Map.of());
        assertThat((Double) divergence.get("mean")).isBetween(1e-6, 0.1);
    }

    @Test
    void peopleReadHowFarTheBaselineIs() {
        Shell.Result result = perplexity("--file=-", "--baseline=" + model, "--protocol=llama.cpp");
        assertThat(result.output())
                .contains(
                        "the model's is 1.0000 times that",
                        "divergence: mean 0.000000",
                        "same most probable token: 100.00 %",
                        // Two windows of 64, the last 31 tokens of each.
                        "tokens predicted: 62, in 2 windows of 64");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--window 4 | 2 | one of --file and --jsonl",
                "--file - --jsonl - | 2 | one of --file and --jsonl",
                "--file - --window 4 --stride 5 | 2 | --stride 5 is longer than --window 4",
                "--file - --window 1 | 1 | a window needs two tokens",
                "--file - --window 66 | 1 | 64",
                "--file - --kernels reference | 2 | compute logits only",
                "--jsonl - | 1 | line 1 of stdin",
                "--file - --protocol llama.cpp --stride 4 | 2 | contradicts --protocol",
                "--file - --protocol llamacpp | 2 | expected papers or llama.cpp",
                "--file - --baseline-kernels scalar | 2 | needs --baseline",
                "--file - --baseline-kv f32 | 2 | needs --baseline",
                "--file - --baseline-precision f32 | 2 | needs --baseline",
                "--file - --baseline tiny | 1 | the model has 260 tokens and the baseline",
                "--file missing.txt | 1 | missing.txt",
            })
    void whatCannotBeMeasuredIsSaid(String options, int exitCode, String message) {
        Shell.Result result = perplexity(options.split(" "));
        assertThat(result.error()).contains("error: ").contains(message);
        assertThat(result.exitCode()).isEqualTo(exitCode);
        assertThat(result.output()).isEmpty();
    }
}
