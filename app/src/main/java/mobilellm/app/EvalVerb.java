package mobilellm.app;

import mobilellm.evaluation.task.Profile;
import mobilellm.evaluation.task.Task;
import mobilellm.file.OutputFile;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// `mobilellm eval [MODEL] --tasks a,b --data DIR`
@Command(
        customSynopsis = {
            "mobilellm eval [MODEL] --tasks a,b --data DIR [options]",
            "       mobilellm eval --tasks list",
            "       mobilellm eval compare A B [--html FILE]"
        },
        description = {
            "How well a model answers the questions of benchmarks, with the scores of"
                    + " lm-evaluation-harness. 'compare' tells whether one of two runs is better.",
        },
        footer = {
            "  mobilellm eval smollm2:135m --tasks arc_easy,piqa --data DIR --limit 100",
            "  mobilellm eval compare results/f32 results/q4_1"
        })
final class EvalVerb implements Verb {
    private static final String COMPARE = "compare";
    private static final String LIST = "list";

    @Parameters(
            arity = "0..3",
            paramLabel = "MODEL",
            description = "the model; or 'compare' and two folders that --out made")
    List<String> words = List.of();

    @Option(
            names = "--tasks",
            paramLabel = "NAMES",
            split = ",",
            description =
                    "tasks and groups, such as arc_easy,lambada_openai or paper8; 'list' tells"
                            + " them")
    List<String> tasks = List.of();

    @Option(names = "--data", paramLabel = "DIR", description = "folder with the documents")
    @Nullable Path data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "folder for results, one folder in it for each model")
    @Nullable Path out;

    @Option(
            names = "--profile",
            paramLabel = "NAME",
            converter = ProfileConverter.class,
            description = "how tasks are worded and scored: harness (default) or llama-paper")
    Profile profile = Profile.HARNESS;

    @Option(
            names = "--limit",
            paramLabel = "N",
            converter = EvalLimit.Converter.class,
            description = "only the first N documents of each task, or that share if below 1")
    EvalLimit limit = EvalLimit.NONE;

    @Option(
            names = "--num-fewshot",
            paramLabel = "N",
            converter = Converters.Count.class,
            description = "solved examples before each question (default: none)")
    int examples;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            converter = Converters.BatchRows.class,
            description =
                    "tokens computed at once, 1 to 512 (default: 256); scores do not depend on it")
    int batchRows = 256;

    @Option(names = "--apply-chat-template", description = "ask through the model's chat template")
    boolean chat;

    @Option(
            names = "--system-instruction",
            paramLabel = "TEXT",
            description = "an instruction before each question")
    String system = "";

    @Option(names = "--log-samples", description = "also write every document and answer")
    boolean logSamples;

    @Option(names = "--resume", description = "go on with the run that was stopped in --out")
    boolean resume;

    @Option(
            names = "--reuse",
            paramLabel = "DIR",
            description =
                    "a folder that --out made, of the same model, kernels and precision: what was"
                            + " computed there is not computed again")
    @Nullable Path reuse;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "for compare: write a page that also shows the documents that differ")
    @Nullable Path html;

    @Option(
            names = "--force",
            description = "begin again where a run was stopped; replace the page of --html")
    boolean force;

    @Option(
            names = "--lenient",
            description =
                    "encode a continuation alone where it vanishes in its context; else an error")
    boolean lenient;

    @Option(
            names = "--rolling-bos",
            paramLabel = "TIMES",
            converter = RollingBosConverter.class,
            description =
                    "whole texts (wikitext): twice (default), as the harness does, has the token"
                            + " predicted that begins a text; once does not")
    boolean isBeginPredicted = true;

    @Option(
            names = "--unchecked-data",
            description = "also take data files that are not the known ones")
    boolean unchecked;

    @Mixin ModelOptions model = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();
    @Mixin KernelOption kernel = new KernelOption();

    static final class ProfileConverter implements ITypeConverter<Profile> {
        @Override
        public Profile convert(String value) {
            return Arrays.stream(Profile.values())
                    .filter(profile -> profile.word().equals(value))
                    .findFirst()
                    .orElseThrow(
                            () ->
                                    new TypeConversionException(
                                            "expected harness or llama-paper, got '"
                                                    + value
                                                    + "'"));
        }
    }

    static final class RollingBosConverter implements ITypeConverter<Boolean> {
        @Override
        public Boolean convert(String value) {
            return switch (value) {
                case "once" -> false;
                case "twice" -> true;
                default ->
                        throw new TypeConversionException(
                                "expected once or twice, got '" + value + "'");
            };
        }
    }

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        if (!words.isEmpty() && words.getFirst().equals(COMPARE)) {
            if (words.size() != 3) {
                throw new UsageException("compare needs two folders with results: compare A B");
            }
            if (!tasks.isEmpty() || data != null || out != null || reuse != null) {
                throw new UsageException(
                        "compare takes two folders and --html FILE; it asks no model");
            }
            compare(context, Path.of(words.get(1)), Path.of(words.get(2)));
            return;
        }
        if (html != null) {
            throw new UsageException("--html needs two runs: compare A B --html FILE");
        }
        if (words.size() > 1) {
            throw new UsageException(
                    "expected one MODEL, got '" + Text.printable(words.get(1)) + "' too");
        }
        if (tasks.isEmpty()) {
            throw new UsageException(
                    "say what to ask with --tasks; '--tasks list' tells what there is");
        }
        if (tasks.equals(List.of(LIST))) {
            EvalTasks.print(context, profile);
            return;
        }
        checkOptions();
        List<Task> selected = profile.select(tasks);
        new EvalRun(context, this, selected).run();
    }

    private void compare(Context context, Path first, Path second) throws IOException {
        EvalCompare compared = EvalCompare.of(first, second);
        if (html != null) {
            try (OutputFile page = OutputFile.create(html, force)) {
                page.write(EvalComparePage.html(compared));
                page.commit();
            }
        }
        if (context.json()) {
            context.output().json(new EvalCompareTable(compared).json());
        } else {
            new EvalCompareTable(compared).print(context.output());
        }
    }

    private void checkOptions() throws IOException {
        if (data == null) {
            throw new UsageException(
                    "say where the documents are with --data; '--tasks list' tells which files");
        }
        if (out == null && (resume || logSamples)) {
            throw new UsageException(
                    (resume ? "--resume" : "--log-samples")
                            + " needs --out, the folder of results");
        }
        if (reuse != null && out != null && isSame(reuse, out)) {
            throw new UsageException(
                    "--reuse names the folder of --out; --resume goes on with that run");
        }
        ModelLoader.checkKernels(kernel.kernels);
    }

    private static boolean isSame(Path a, Path b) throws IOException {
        return Files.exists(a) && Files.exists(b) && Files.isSameFile(a, b);
    }

    /// The one word that is no option.
    @Nullable String name() {
        return words.isEmpty() ? null : words.getFirst();
    }
}
