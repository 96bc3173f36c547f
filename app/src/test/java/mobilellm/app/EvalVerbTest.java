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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;

class EvalVerbTest {
    @TempDir Path folder;
    private final Shell shell = new Shell();
    private String model = "";
    private String data = "";

    @BeforeEach
    void writeModelAndData() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
        data = TinyDocuments.write(folder.resolve("data")).toString();
    }

    private Shell.Result eval(String... options) {
        return shell.run(
                TestArguments.of(
                        "eval",
                        model,
                        TestArguments.of(
                                "--data=" + data, TestArguments.of("--unchecked-data", options))));
    }

    private Map<String, Path> written(Path out) throws IOException {
        Map<String, Path> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(out)) {
            all.filter(Files::isRegularFile)
                    .forEach(
                            file ->
                                    files.put(
                                            file.getFileName()
                                                    .toString()
                                                    .replaceFirst("_?\\d{4}-.*\\.", "."),
                                            file));
        }
        return files;
    }

    private Path written(Path out, String name) throws IOException {
        return Objects.requireNonNull(written(out).get(name), name);
    }

    private static Map<?, ?> map(Object object, String... keys) {
        Object inner = object;
        for (String key : keys) {
            inner = Objects.requireNonNull(((Map<?, ?>) inner).get(key), key);
        }
        return (Map<?, ?>) inner;
    }

    @Test
    void peopleGetTheTableOfTheHarness() {
        Shell.Result result = eval("--tasks=arc_easy,winogrande,wikitext", "--limit=0.5");
        assertThat(result.error()).contains("arc_easy: acc_norm ", "6 documents in ");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output())
                .startsWith("|Tasks     |Version|Filter|n-shot|Metric ")
                .containsPattern(
                        "\\|arc_easy  \\| +1.0\\|none  \\| +0\\|acc +\\|↑  \\| *0\\.\\d{4}\\|± "
                                + " \\|0\\.\\d{4}\\|")
                .containsPattern("\\|winogrande\\| +1.0\\|none")
                .containsPattern("\\|bits_per_byte +\\|↓  \\| *\\d+\\.\\d{4}\\|±  \\| *N/A\\|");
    }

    @Test
    void resultsAndSamplesAreInTheFormOfTheHarness() throws IOException {
        Path out = folder.resolve("out");
        Shell.Result result =
                eval("--tasks=arc_easy", "--out=" + out, "--log-samples", "--json", "--limit=10");
        assertThat(result.exitCode()).isZero();
        Map<String, Path> files = written(out);
        assertThat(files.keySet())
                .containsExactly(
                        "journal", "report.html", "results.json", "samples_arc_easy.jsonl");
        String text = Files.readString(written(out, "results.json"));
        assertThat(text)
                .startsWith(
                        "{\n  \"results\": {\n    \"arc_easy\": {\n      \"name\": \"arc_easy\",");
        Map<String, Object> results = Json.readObject(text, "results");
        assertThat(map(results, "results", "arc_easy").keySet().stream().map(String::valueOf))
                .contains("alias", "sample_len", "acc,none", "acc_stderr,none", "acc_norm,none");
        // Always in this order: the order of `Map.of` changes from one process to the next.
        assertThat(map(results, "n-samples", "arc_easy"))
                .hasToString("{original=12, effective=10}");
        assertThat(map(results, "config", "model_args").toString()).contains("model_sha=");
        assertThat(result.json().keySet()).contains("results", "versions", "n-shot");
        List<String> lines = Files.readAllLines(written(out, "samples_arc_easy.jsonl"));
        assertThat(lines).hasSize(10);
        Map<String, Object> sample = Json.readObject(lines.get(1), "a sample");
        assertThat(map(sample, "arguments", "gen_args_2").toString())
                .isEqualTo("{arg_0=Question: Is 1 <b>?\nAnswer:, arg_1= \u00e9}");
        assertThat(sample.get("target")).isEqualTo("1");
        assertThat((List<?>) sample.get("filtered_resps")).hasSize(3);
        // sha256 of the fields as Python's json.dumps writes them with indent=2.
        assertThat(sample.get("doc_hash"))
                .isEqualTo("ca245f7a11936d3fd64794a2225b052b334a3172e0232c9d521f27e35575fa57");
    }

    @Test
    void aRunThatWasStoppedEndsWithTheSameBytes() throws IOException {
        Path out = folder.resolve("out");
        String[] options = {"--tasks=arc_easy,winogrande", "--out=" + out, "--log-samples", "-q"};
        assertThat(eval(options).exitCode()).isZero();
        List<String> names = List.of("results.json", "samples_arc_easy.jsonl", "report.html");
        List<String> before = new ArrayList<>();
        for (String name : names) {
            before.add(Files.readString(written(out, name)));
        }
        Path file = written(out, "journal");
        byte[] journal = Files.readAllBytes(file);
        int start = new String(journal, StandardCharsets.UTF_8).indexOf('\n') + 1;
        for (int length : List.of(start, start + 901, journal.length)) {
            Files.write(file, Arrays.copyOf(journal, length));
            Files.delete(written(out, "results.json"));
            String[] resumed =
                    TestArguments.of("--resume", TestArguments.of("--batch-size=3", options));
            assertThat(eval(resumed).error()).isEmpty();
            for (int i = 0; i < names.size(); i++) {
                String now = Files.readString(written(out, names.get(i)));
                assertThat(now.replace("\"batch_size\": 3", "\"batch_size\": 256"))
                        .as(names.get(i))
                        .isEqualTo(before.get(i));
            }
        }
        Files.write(file, Arrays.copyOf(journal, start + 901));
        Shell.Result forgotten = eval(options);
        assertThat(forgotten.error()).contains("a run that was stopped", "--resume", "--force");
        assertThat(forgotten.exitCode()).isEqualTo(1);
        assertThat(eval(TestArguments.of("--force", options)).exitCode()).isZero();
        assertThat(eval(options).exitCode()).as("after one that ended").isZero();
        Shell.Result other =
                eval(TestArguments.of("--resume", TestArguments.of("--limit=3", options)));
        assertThat(other.error()).contains("has limit 'none', this one has '3'");
        assertThat(other.exitCode()).isEqualTo(1);
    }

    @Test
    void anotherProfileTakesUpWhatIsAskedInBoth() throws IOException {
        Path harness = folder.resolve("harness");
        Path paper = folder.resolve("paper");
        assertThat(eval("--tasks=arc_easy,winogrande", "--out=" + harness).exitCode()).isZero();
        String[] options = {"--tasks=arc_easy", "--profile=llama-paper", "--log-samples"};
        assertThat(eval(TestArguments.of("--out=" + paper, options)).exitCode()).isZero();
        String samples = Files.readString(written(paper, "samples_arc_easy.jsonl"));
        String[] reusing = TestArguments.of("--reuse=" + harness, options);
        assertThat(eval(TestArguments.of("--out=" + paper, reusing)).exitCode()).isZero();
        assertThat(written(paper, "samples_arc_easy.jsonl")).hasContent(samples);

        Shell.Result other =
                eval(TestArguments.of("--kv=f32", TestArguments.of("--out=" + paper, reusing)));
        assertThat(other.error())
                .contains(
                        "has kv 'f16', this one has 'f32': its results are not those of this run");
        assertThat(other.exitCode()).isEqualTo(1);
        Shell.Result same = eval("--tasks=arc_easy", "--out=" + harness, "--reuse=" + harness);
        assertThat(same.error()).contains("--reuse names the folder of --out");
        assertThat(same.exitCode()).isEqualTo(2);
        Shell.Result missing = eval("--tasks=arc_easy", "--reuse=" + folder.resolve("none"));
        assertThat(missing.error()).contains("none", "journal");
        assertThat(missing.exitCode()).isEqualTo(1);
    }

    @Test
    void twoRunsAreComparedDocumentByDocument() throws IOException {
        Path a = folder.resolve("a");
        Path b = folder.resolve("b");
        String[] options = {"--tasks=arc_easy,winogrande,wikitext", "--log-samples", "-q"};
        assertThat(eval(TestArguments.of("--out=" + a, options)).exitCode()).isZero();
        assertThat(
                        eval(TestArguments.of(
                                        "--out=" + b,
                                        TestArguments.of("--sharing=immediate:2:own", options)))
                                .exitCode())
                .isZero();
        Shell.Result result = shell.run("eval", "compare", a.toString(), b.toString());
        assertThat(result.error()).isEmpty();
        assertThat(result.output())
                .contains("|arc_easy  |acc_norm ", "|winogrande|acc ", "McNemar p")
                .doesNotContain("wikitext");
        Map<String, Object> answer =
                shell.run("eval", "compare", a.toString(), b.toString(), "--json").json();
        List<?> compared = (List<?>) Objects.requireNonNull(answer.get("comparisons"));
        assertThat(compared).hasSize(4);
        assertThat(map(compared.getFirst()).get("documents")).isEqualTo(TinyDocuments.COUNT);
        Shell.Result same = shell.run("eval", "compare", a.toString(), a.toString(), "--json");
        assertThat(same.output())
                .contains("\"mcnemar_p\":1.0", "\"differing\":[]", "\"documents_for_points\":{}");
        assertThat(result.output())
                .contains("They differ in sharing: none:1:own and immediate:2:own");
        Path paper = folder.resolve("paper");
        String[] other = {"--tasks=arc_easy", "--profile=llama-paper", "--log-samples"};
        assertThat(eval(TestArguments.of("--out=" + paper, other)).exitCode()).isZero();
        Shell.Result unlike = shell.run("eval", "compare", a.toString(), paper.toString());
        assertThat(unlike.error())
                .contains("arc_easy has version '1.0' in the first run and 'paper-1'");
        assertThat(unlike.exitCode()).isEqualTo(1);
    }

    @Test
    void theDocumentsThatDifferAreShownWithWhatEachRunChose() throws IOException {
        Path a = folder.resolve("a");
        Path b = folder.resolve("b");
        String[] options = {"--tasks=arc_easy,winogrande", "--log-samples", "-q"};
        assertThat(eval(TestArguments.of("--out=" + a, options)).exitCode()).isZero();
        assertThat(eval(TestArguments.of("--out=" + b, options)).exitCode()).isZero();
        // Run B takes the other choice of the first document, which only A has right now, or only
        // B.
        Path samples = written(b, "samples_winogrande.jsonl");
        List<String> lines = new ArrayList<>(Files.readAllLines(samples));
        Map<String, Object> sample = Json.readObject(lines.getFirst(), "a sample");
        boolean isRight = Objects.equals(sample.get("acc"), 1.0);
        List<?> scores = (List<?>) Objects.requireNonNull(map(sample, "scores").get("acc"));
        sample.put("scores", Map.of("acc", scores.reversed()));
        sample.put("acc", isRight ? 0.0 : 1.0);
        lines.set(0, Json.write(sample));
        Files.write(samples, lines);

        Path page = folder.resolve("page.html");
        String[] compare = {"compare", a.toString(), b.toString(), "--html=" + page};
        Shell.Result result = shell.run(TestArguments.of("eval", compare));
        assertThat(result.error()).isEmpty();
        assertThat(result.output())
                .contains("|mean of 2 ", "For 0.5", "document 0 (only " + (isRight ? "A)" : "B)"));
        assertThat(Files.readString(page))
                .contains(
                        "winogrande: 1 documents, %d right only in A, %d only in B"
                                .formatted(isRight ? 1 : 0, isRight ? 0 : 1),
                        isRight ? "<td>● A</td>" : "<td>● B</td>",
                        "He saw Al 0.",
                        "He saw Bo 0.")
                .doesNotContain("arc_easy: ", "src=", "href=");
        assertThat(shell.run(TestArguments.of("eval", compare)).error())
                .contains("page.html", "--force");
        assertThat(shell.run(TestArguments.of("eval", "--force", compare)).exitCode()).isZero();
        assertThat(eval("--tasks=arc_easy", "--html=" + page).error()).contains("compare A B");
        assertThat(shell.run(TestArguments.of("eval", "--out=x", compare)).exitCode()).isEqualTo(2);
    }

    @Test
    void theReportNeedsNoOtherFileAndEscapesWhatItTells() throws IOException {
        Path out = folder.resolve("out");
        assertThat(eval("--tasks=arc_easy", "--out=" + out, "--system-instruction=<i>&").exitCode())
                .isZero();
        String page = Files.readString(written(out, "report.html"));
        assertThat(page)
                .contains(
                        "<svg",
                        "calibration of arc_easy",
                        "Published by others",
                        "MobileLLM-125M",
                        "43.9")
                .contains("&lt;i&gt;&amp;")
                .doesNotContain("<i>", "src=", "href=", "url(", "<script");
    }

    @Test
    void aChatTemplateAndAnInstructionStandAroundTheQuestion() throws IOException {
        Path out = folder.resolve("out");
        Shell.Result result =
                eval(
                        "--tasks=winogrande",
                        "--out=" + out,
                        "--log-samples",
                        "--apply-chat-template",
                        "--context=16");
        assertThat(result.exitCode()).isZero();
        // The template does not fit the tiny context, which is told.
        assertThat(result.error()).contains("was cut to fit the context, the first: winogrande");
        String sample = Files.readAllLines(written(out, "samples_winogrande.jsonl")).getFirst();
        assertThat(sample)
                .contains(
                        "\"arg_0\":\"<|im_start|>user\\n"
                                + "He saw Al<|im_end|>\\n"
                                + "<|im_start|>assistant\\n"
                                + "\"")
                .contains("\"arg_1\":\"0.\"", "\"truncated\":true");
    }

    @Test
    void tasksAreListedWithTheirFiles() {
        Shell.Result result = shell.run("eval", "--tasks=list");
        assertThat(result.output())
                .contains(
                        "hellaswag.validation.jsonl",
                        "10,042",
                        "CC-BY-SA-4.0",
                        "paper8 = arc_easy");
        assertThat(shell.run("eval", "--tasks=list", "--profile=llama-paper", "--json").output())
                .contains("openbookqa_whole", "\"sha256\":\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--data=x | 2 | say what to ask with --tasks",
                "--tasks=arc_easy | 2 | say where the documents are with --data",
                "--tasks=arc_easy --data=x --resume | 2 | --resume needs --out",
                "--tasks=arc_easy --data=x | 1 | there is no file x/arc_easy.test.jsonl, expected"
                        + " allenai",
                "--tasks=arc_eazy --data=x | 1 | there is no task 'arc_eazy'",
                "--tasks=arc_easy --data=x --limit=0 | 2 | expected a number of documents",
                "--tasks=arc_easy --data=x --profile=papr | 2 | expected harness or llama-paper",
                "--tasks=arc_easy --data=x --batch-size=513 | 2 | from 1 to 512",
                "--tasks=arc_easy --data=x --kernels=reference | 2 | compute logits only",
            })
    void whatCannotBeDoneIsSaid(String options, int exitCode, String message) {
        Shell.Result result = shell.run(TestArguments.of("eval", model, options.split(" ")));
        assertThat(result.error()).contains("error: ").contains(message);
        assertThat(result.exitCode()).isEqualTo(exitCode);
        assertThat(result.output()).isEmpty();
    }

    @Test
    void anAlteredFileAndAnEmptyFolderAreRefused() {
        Shell.Result altered = shell.run("eval", model, "--tasks=arc_easy", "--data=" + data, "-q");
        assertThat(altered.error()).contains("has sha256", "and 12 lines, expected");
        assertThat(shell.run("eval", "compare", data, data).error())
                .contains("has no samples_", "--log-samples");
        assertThat(shell.run("eval", "compare", data).exitCode()).isEqualTo(Cli.WRONG_USAGE);
    }

    @Test
    void aTableWithoutItsModuleSaysHowToAddIt() throws IOException {
        Path place = Files.createDirectories(folder.resolve("data/datasets--baber--piqa/data"));
        Files.writeString(place.resolve("validation-00000-of-00001.parquet"), "PAR1");
        Shell.Result result = eval("--tasks=piqa");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error())
                .contains(
                        "validation-00000-of-00001.parquet is a table",
                        "mvn -pl datasets -am package",
                        "mobilellm-datasets.jar beside mobilellm.jar");
        assertThat(eval("--tasks=boolq").error())
                .contains(
                        "there is no file", "or a table of aps/super_glue boolq, split validation");
    }
}
