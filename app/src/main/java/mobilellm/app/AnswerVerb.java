package mobilellm.app;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;

/// `mobilellm answer [MODEL] --questions FILE --out FILE`
@Command(
        customSynopsis = "mobilellm answer [MODEL] --questions FILE --out FILE [options]",
        description = {
            "Answers the questions of MT-Bench (FastChat's question.jsonl) or AlpacaEval (its"
                + " alpaca_eval.json), in the file that each of them expects. 'mobilellm judge' has"
                + " the answers judged.",
        },
        footer = {
            "  mobilellm answer smollm2:135m --questions question.jsonl --out smollm2.jsonl --seed"
                    + " 1",
            "  mobilellm answer smollm2:135m --questions alpaca_eval.json --out outputs.json"
                    + " --limit 50"
        })
final class AnswerVerb implements Verb {
    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "the model")
    @Nullable String name;

    @Option(
            names = "--questions",
            paramLabel = "FILE",
            required = true,
            description = "MT-Bench's questions, an object a line, or AlpacaEval's, an array")
    Path questions = Path.of("");

    @Option(
            names = "--out",
            paramLabel = "FILE",
            required = true,
            description =
                    "the answers, in the format of the questions; FILE.journal holds those of a"
                            + " run that was stopped")
    Path out = Path.of("");

    @Option(names = "--force", description = "replace FILE if it is there")
    boolean force;

    @Option(names = "--resume", description = "go on with the run that was stopped")
    boolean resume;

    @Option(
            names = "--limit",
            paramLabel = "N",
            converter = EvalLimit.Converter.class,
            description = "only the first N questions, or that share if below 1")
    EvalLimit limit = EvalLimit.NONE;

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "most tokens of an answer (default: 1024, as MT-Bench has it)")
    int maxTokens = 1024;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "of all answers (default: MT-Bench's own for each category, else 0.7)")
    @Nullable Double temperature;

    @Option(
            names = "--streams",
            paramLabel = "N",
            converter = Converters.Streams.class,
            description = "answers at the same time (default: 16); they do not depend on it")
    int streams = 16;

    @Mixin ModelOptions model = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();
    @Mixin KernelOption kernel = new KernelOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        ModelLoader.checkKernels(kernel.kernels);
        new AnswerRun(context, this).run();
    }
}
