package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

class GenerateVerbTest {
    @TempDir Path folder;
    private final Shell shell = new Shell();
    private String model = "";

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
    }

    private Shell.Result generate(String... arguments) {
        return shell.run(TestArguments.of("generate", model, arguments));
    }

    private Map<String, Object> json(String... arguments) {
        Shell.Result result = generate(TestArguments.of("--json", "--temperature=0", arguments));
        assertThat(result.error()).isEmpty();
        return result.json();
    }

    private static List<?> list(Map<String, Object> answer, String key) {
        return (List<?>) answer.getOrDefault(key, List.of());
    }

    private static String text(Map<String, Object> answer) {
        return (String) answer.getOrDefault("text", "");
    }

    @Test
    void headsThatCannotBeBytesAreRefused() {
        Shell.Result result = generate("--ids=1,2", "--max-tokens=2", "--kv=q8_0");
        assertThat(result.exitCode()).isNotZero();
        assertThat(result.error()).contains("multiple of 32, this model's is 4: use f16");
    }

    @Test
    void otherSharingThanTheFilesIsToldToBeNonsense() {
        String[] line = {"generate", model, "--ids", "1,2", "--max-tokens", "2", "--sharing"};
        assertThat(shell.run(with(line, "immediate:2:own")).error()).contains("expect nonsense");
        assertThat(shell.run(with(line, "none:1:own")).error()).doesNotContain("nonsense");
    }

    private static String[] with(String[] line, String word) {
        String[] longer = Arrays.copyOf(line, line.length + 1);
        longer[line.length] = word;
        return longer;
    }

    @Test
    void whatTheModelRecommendsIsTheDefaultAndAnOptionOverridesIt() throws IOException {
        Path greedy = TinyModel.write(folder.resolve("greedy.gguf"), Map.of("temp", 0f));
        List<Object> plain = ids(model);
        List<Object> best = ids(model, "--temperature", "0");
        assertThat(best).isNotEqualTo(plain);
        assertThat(ids(greedy.toString())).isEqualTo(best);
        assertThat(ids(greedy.toString(), "--temperature", "0.8")).isEqualTo(plain);
    }

    @Test
    void impossibleRecommendationsAreToldAndNotFollowed() throws IOException {
        Path odd = TinyModel.write(folder.resolve("odd.gguf"), Map.of("top_p", 7f));
        Shell.Result result =
                shell.run("generate", odd.toString(), "--prompt", "Hello", "--seed", "1");
        assertThat(result.error())
                .contains("recommends is not followed: top-p must lie between 0 and 1, got 7.0");
        assertThat(ids(odd.toString())).isEqualTo(ids(model));
    }

    private List<Object> ids(String file, String... arguments) {
        String[] line = {"--json", "--ids", "1,2,3", "-n", "12", "--seed", "3", "--ignore-eos"};
        String[] all =
                Stream.concat(Arrays.stream(line), Arrays.stream(arguments)).toArray(String[]::new);
        Shell.Result result = shell.run(TestArguments.of("generate", file, all));
        return List.copyOf(list(result.json(), "token_ids"));
    }

    @Test
    void theAnswerIsOneObjectWithWhatOthersRelyOn() {
        Map<String, Object> answer = json("--prompt", "Hello", "-n", "6", "--ignore-eos");
        assertThat(answer)
                .containsKeys("text", "token_ids", "finish_reason", "usage", "timings", "seed")
                .doesNotContainKey("logprobs")
                .containsEntry("finish_reason", "length");
        assertThat(list(answer, "token_ids")).hasSize(6);
        // He, ll, o.
        assertThat(answer)
                .extractingByKey("usage")
                .asString()
                .contains("prompt_tokens=3", "completion_tokens=6");
        assertThat(answer)
                .extractingByKey("timings")
                .asString()
                .contains("prefill_tps", "decode_tps");
    }

    @Test
    void plainTextIsTheTextOfTheObject() {
        String[] arguments = {"--prompt", "Hello", "-n", "6", "--ignore-eos"};
        assertThat(generate(TestArguments.of("--temperature=0", arguments)).output())
                .isEqualTo(text(json(arguments)));
    }

    @Test
    void aPromptComesFromWhereverItIs() throws IOException {
        Object expected = json("--prompt", "Hello", "-n", "4").get("token_ids");
        Path file = Files.writeString(folder.resolve("prompt.txt"), "Hello");
        assertThat(json("--prompt-file", file.toString(), "-n", "4"))
                .containsEntry("token_ids", expected);
        assertThat(json("--ids", "258,259,111", "-n", "4")).containsEntry("token_ids", expected);
        shell.input("Hello");
        assertThat(json("-", "-n", "4")).containsEntry("token_ids", expected);
    }

    /// The vocabulary of the file is of a kind that nobody knows, or a directory has none: ids go in, ids come out.
    @Test
    void withoutATokenizerIdsAreContinuedInIds() throws IOException {
        String[] arguments = {"--ids", "258,259,111", "-n", "5", "--logprobs=2"};
        Map<String, Object> expected = json(arguments);
        Path strange = folder.resolve("strange.gguf");
        byte[] file = Files.readAllBytes(Path.of(model));
        String latin = new String(file, StandardCharsets.ISO_8859_1);
        Files.write(strange, latin.replace("gpt2", "none").getBytes(StandardCharsets.ISO_8859_1));
        Path directory = folder.resolve("directory");
        shell.run("convert", strange.toString(), directory.toString());
        assertThat(directory.resolve("tokenizer.json")).doesNotExist();
        String ids =
                list(expected, "token_ids").stream()
                        .map(String::valueOf)
                        .collect(Collectors.joining(" "));
        for (Path each : List.of(strange, directory)) {
            model = each.toString();
            assertThat(json(arguments))
                    .containsEntry("token_ids", expected.get("token_ids"))
                    .containsEntry("text", "");
            Shell.Result plain = generate("--ids", "258,259,111", "-n", "5", "--temperature=0");
            assertThat(plain.output()).isEqualTo(ids + "\n");
            assertThat(plain.error()).contains("ids instead of text");
            Shell.Result echo =
                    generate("--ids", "258,259,111", "-n", "5", "--temperature=0", "--echo");
            assertThat(echo.output()).isEqualTo("258 259 111 " + ids + "\n");
            for (String[] needsText :
                    List.of(
                            new String[] {"--prompt", "Hello"},
                            new String[] {"--ids", "1,2", "--stop", "x"})) {
                Shell.Result refused = generate(needsText);
                assertThat(refused.exitCode()).isEqualTo(1);
                assertThat(refused.error()).contains("there is no tokenizer");
            }
        }
    }

    @Test
    void echoBeginsWithThePrompt() {
        String[] arguments = {"--ids", "258,259,111", "-n", "3", "--temperature=0"};
        String text = generate(arguments).output();
        assertThat(generate(TestArguments.of("--echo", arguments)).output())
                .isEqualTo("Hello" + text);
    }

    @Test
    void theSameSeedGivesTheSameTextAndAnotherOneAnother() {
        String[] arguments = {
            "--prompt", "Hello", "-n", "20", "--temperature", "2", "--ignore-eos"
        };
        String text = generate(TestArguments.of("--seed=7", arguments)).output();
        assertThat(generate(TestArguments.of("--seed=7", arguments)).output()).isEqualTo(text);
        assertThat(generate(TestArguments.of("--seed=8", arguments)).output()).isNotEqualTo(text);
    }

    @Test
    void aSeedOfChanceIsTold() {
        Shell.Result result = generate("--prompt", "Hello", "-n", "2", "--json");
        assertThat(result.error()).isEqualTo("seed " + result.json().get("seed") + "\n");
    }

    @Test
    void aBannedTokenDoesNotCome() {
        Object first = list(json("--prompt", "Hello", "-n", "1"), "token_ids").getFirst();
        Map<String, Object> answer =
                json("--prompt", "Hello", "-n", "1", "--logit-bias", first + "=-inf");
        assertThat(list(answer, "token_ids")).isNotEmpty().noneMatch(id -> id.equals(first));
    }

    @Test
    void logprobsTellEachTokenAndItsAlternatives() {
        Map<String, Object> answer = json("--prompt", "Hello", "-n", "2", "--logprobs", "3");
        List<?> logprobs = list(answer, "logprobs");
        List<?> ids = list(answer, "token_ids");
        assertThat(logprobs).hasSameSizeAs(ids);
        assertThat(logprobs.getFirst())
                .asString()
                .contains("id=" + ids.getFirst(), "logprob=-", "piece=", "top=");
    }

    @Test
    void stopTextsEndTheAnswerBeforeThem() {
        String[] arguments = {"--prompt", "Hello", "-n", "12", "--ignore-eos"};
        String text = text(json(arguments));
        String stop = text.substring(text.length() / 2, text.length() / 2 + 1);
        Map<String, Object> answer = json(TestArguments.of("--stop", stop, arguments));
        assertThat(answer)
                .containsEntry("text", text.substring(0, text.indexOf(stop)))
                .containsEntry("finish_reason", "stop");
    }

    @Test
    void aChatPromptIsInTheTemplate() {
        Map<String, Object> plain = json("--prompt", "Hi", "-n", "1");
        Map<String, Object> chat = json("--prompt", "Hi", "-n", "1", "--chat", "--system", "x");
        assertThat(promptTokens(plain)).isEqualTo(2);
        assertThat(promptTokens(chat))
                .isGreaterThan(promptTokens(json("--prompt", "Hi", "-n", "1", "--chat")));
    }

    private static int promptTokens(Map<String, Object> answer) {
        return answer.get("usage") instanceof Map<?, ?> usage
                        && usage.get("prompt_tokens") instanceof Integer tokens
                ? tokens
                : -1;
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 2", "1.5, 16"})
    void aBatchIsAnsweredInOrderAsIfEachPromptWereAlone(String temperature, String streams)
            throws IOException {
        String conversation =
                "[{\"role\": \"system\", \"content\": \"x\"}, {\"role\": \"user\", \"content\":"
                        + " \"Hi\"}]";
        Path file =
                Files.writeString(
                        folder.resolve("batch.jsonl"),
                        "{\"prompt\": \"Hello, how are you?\"}\n\n{\"ids\": [258, 259]}\n"
                                + "{\"messages\": "
                                + conversation
                                + "}\n");
        String[] options = {"-n", "9", "--temperature", temperature, "--seed", "4", "--json"};
        Shell.Result result =
                generate(
                        TestArguments.of(
                                "--batch-file=" + file, "--batch-size=" + streams, options));
        List<Map<String, Object>> answers =
                result.output().lines().map(line -> Json.readObject(line, "line")).toList();
        assertThat(answers).extracting(answer -> answer.get("index")).containsExactly(0, 1, 2);
        List<Shell.Result> alone =
                List.of(
                        generate(TestArguments.of("--prompt=Hello, how are you?", options)),
                        generate(TestArguments.of("--ids=258,259", options)),
                        generate(
                                TestArguments.of(
                                        "--prompt=Hi",
                                        TestArguments.of("--chat", "--system=x", options))));
        for (int i = 0; i < 3; i++) {
            for (String key : List.of("text", "token_ids", "finish_reason", "seed")) {
                assertThat(answers.get(i)).containsEntry(key, alone.get(i).json().get(key));
            }
        }
        assertThat(result.error()).contains("answered 3 prompts");
    }

    @Test
    void aBadLineOfABatchIsNamedBeforeAnythingRuns() {
        shell.input("{\"prompt\": \"Hello\"}\n{\"ids\": [99999]}\n");
        Shell.Result result = generate("--batch-file", "-", "-n", "1", "--temperature=0");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).isEmpty();
        assertThat(result.error())
                .contains("error: line 2 of stdin: expected token ids from 0 to 259");
    }

    @Test
    void aPromptThatCannotBeAnsweredDoesNotStopTheOthers() {
        shell.input(
                "{\"prompt\": \"Hello\"}\n{\"prompt\": \"%s\"}\n{\"ids\": []}\n{\"ids\": [1]}\n"
                        .formatted("x".repeat(100)));
        Shell.Result result = generate("--batch-file", "-", "-n", "2", "--temperature=0");
        assertThat(result.exitCode()).isEqualTo(1);
        List<String> lines = result.output().lines().toList();
        assertThat(lines).hasSize(4);
        assertThat(lines.get(0)).startsWith("{\"index\":0,\"text\":");
        assertThat(lines.get(1)).startsWith("{\"index\":1,\"error\":\"the prompt has 100 tokens");
        assertThat(lines.get(2)).startsWith("{\"index\":2,\"error\":\"the prompt is empty");
        assertThat(lines.get(3)).startsWith("{\"index\":3,\"text\":");
        assertThat(result.error())
                .contains("answered 2 prompts")
                .contains("error: 2 of 4 prompts failed; the first: line 2 of stdin: the prompt");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"prompt\": \"a\"}{\"prompt\": \"b\"} | more follows the JSON value",
                "{\"prompt\": \"a\", \"ids\": [1]} | expected {\"prompt\"",
                "{\"prompt\": 5} | expected {\"prompt\"",
                "{\"prompt\": \"a\", \"max_tokens\": 5} | expected {\"prompt\"",
                "{\"messages\": []} | expected {\"prompt\"",
                "{\"messages\": [{\"role\": \"user\"}]} | expected a message"
            })
    void nothingOfABatchIsIgnored(String line, String sentence) {
        Shell.Result result =
                shell.input(line).run("generate", model, "--batch-file", "-", "--seed=1");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).contains("error: line 1 of stdin: " + sentence);
    }

    @Test
    void aDirectoryIsNamedWhereAFileIsExpected() {
        Shell.Result result = generate("--prompt-file", folder.toString(), "--seed=1");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error())
                .isEqualTo("error: %s is a directory, expected a file\n".formatted(folder));
    }

    @Test
    void aPromptThatDoesNotFitIsAnErrorThatSaysSo() {
        Shell.Result result = generate("--prompt", "x".repeat(100), "--temperature=0");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).contains("100 tokens", "room for 64");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-n 3 | there is nothing to continue",
                "--prompt a --temperature hot | is not a number",
                "--prompt a --seed 1.5 | is not a whole number in range",
                "--prompt a --ids 1 | more than one prompt",
                "--prompt a --system b | --system needs --chat",
                "--prompt a --logprobs 2 | --logprobs needs --json",
                "--prompt a --top-p 2 | --top-p must lie between 0 and 1, got 2.0",
                "--prompt a --temperature NaN | --temperature (when not 0) must lie between 0.001"
                        + " and 100, got NaN",
                "--prompt a --logit-bias x=1 | --logit-bias: expected ID=X",
                "--prompt a --kernels reference | the reference kernels compute logits only",
                "--prompt a --chat --echo | --chat excludes",
                "--prompt a --batch-size 2 | --batch-size needs --batch-file",
                "--batch-file x --batch-size 0 | expected a whole number from 1 to 384",
                "--prompt a -n -1 | max tokens must not be negative",
            })
    void contradictionsAreWrongUsage(String options, String message) {
        Shell.Result result = generate(options.split(" "));
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).startsWith("error: ").contains(message);
    }

    @Test
    void aTerminalGetsNoControlCharactersFromTheModel() {
        TerminalText terminal = new TerminalText(true);
        assertThat(terminal.of("a\u001b[2Jb\u009bc\nd\té😀"))
                .isEqualTo("a\uFFFD[2Jb\uFFFDc\nd\té😀");
        assertThat(new TerminalText(false).of("a\u001b[2J")).isEqualTo("a\u001b[2J");
    }
}
