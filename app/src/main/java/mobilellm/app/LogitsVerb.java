package mobilellm.app;

import mobilellm.config.Precision;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/// `mobilellm logits [MODEL] --ids 1,2,3 | --ids-file F | --prompt T`
@Command(
        customSynopsis =
                "mobilellm logits [MODEL] --ids IDS | --ids-file FILE | --prompt TEXT | --jsonl"
                        + " FILE [options]",
        description =
                "What the model thinks may come next, at every position of a sequence: the tokens"
                        + " with the largest logits, or all of them as a file.",
        footer = {
            "  mobilellm logits smollm2:135m --prompt \"The capital of France is\" --last --top 5",
            "  mobilellm logits smollm2:135m --ids 504,3575,282 --out logits.safetensors"
        })
final class LogitsVerb implements Verb {
    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "the model")
    @Nullable String name;

    @Option(
            names = "--ids",
            paramLabel = "IDS",
            description = "the sequence as token ids, such as 1,2,3")
    @Nullable String ids;

    @Option(names = "--ids-file", paramLabel = "FILE", description = "ids from a file (- is stdin)")
    @Nullable String idsFile;

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            description = "the sequence as text; special tokens in it are parsed")
    @Nullable String prompt;

    @Option(
            names = "--jsonl",
            paramLabel = "FILE",
            description =
                    "many sequences, one {\"ids\": [...]} a line; one JSON object a line answers (-"
                            + " is stdin)")
    @Nullable String jsonl;

    @Option(names = "--last", description = "only the last position")
    boolean last;

    @Option(
            names = "--top",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "how many tokens to tell for each position (default: 10)")
    int top = 10;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "write all logits as safetensors: tensor logits, F32, [positions, vocabulary]")
    @Nullable Path out;

    @Option(
            names = "--chunk",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description =
                    "positions to compute at once; the logits do not depend on it (default: 64)")
    @Nullable Integer chunk;

    @Option(
            names = "--step",
            description = "compute one position after the other, as decoding does")
    boolean step;

    @Mixin ModelOptions model = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();
    @Mixin KernelOption kernel = new KernelOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        check();
        Models.Located located = new Models(context).locate(name, model.download.yes);
        try (LogitsSource source = source(context, located)) {
            LogitsReport report = new LogitsReport(context, source, top, last);
            if (jsonl != null) {
                answerLines(context, source, report, jsonl);
            } else {
                report.print(sequence(context, source), out);
            }
        }
    }

    /// @throws UsageException if the options contradict each other
    private void check() {
        long sequences = Stream.of(ids, idsFile, prompt, jsonl).filter(Objects::nonNull).count();
        if (sequences != 1) {
            throw new UsageException(
                    (sequences == 0 ? "there is no sequence" : "there is more than one sequence")
                            + ": give one of --ids, --ids-file, --prompt, --jsonl");
        }
        if (step && chunk != null) {
            throw new UsageException("--step is --chunk 1: give one of them");
        }
        if (jsonl != null && out != null) {
            throw new UsageException("--out holds one sequence, --jsonl has many");
        }
        if (isReference() && (step || chunk != null)) {
            throw new UsageException(
                    "the reference kernels compute a sequence at once: --step and --chunk say"
                            + " nothing about them");
        }
        if (isReference() && engine.precision == Precision.W8A8) {
            throw new UsageException(
                    "the reference kernels compute in float64: --precision w8a8 says nothing about"
                            + " them");
        }
    }

    private boolean isReference() {
        return kernel.kernels.equals("reference");
    }

    private LogitsSource source(Context context, Models.Located located) throws IOException {
        if (isReference()) {
            return LogitsSource.reference(located.path(), model);
        }
        int positions = step ? 1 : chunk == null ? LogitsSource.DEFAULT_CHUNK : chunk;
        return LogitsSource.engine(
                ModelLoader.load(context, located, model, engine, kernel.kernels), positions);
    }

    private int[] sequence(Context context, LogitsSource source) throws IOException {
        if (prompt != null) {
            return source.encode(prompt);
        }
        String text = ids != null ? ids : Texts.read(Objects.requireNonNull(idsFile), context);
        return Texts.ids(text, source.vocabularySize());
    }

    private static void answerLines(
            Context context, LogitsSource source, LogitsReport report, String file)
            throws IOException {
        try (InputStream stream = Texts.open(file, context);
                BufferedReader lines = Texts.lines(stream)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    String where = "line " + number + " of " + Texts.name(file);
                    Object sequence = Json.readObject(line, where).get("ids");
                    context.output()
                            .json(
                                    report.object(
                                            Texts.ids(sequence, where, source.vocabularySize())));
                    context.output().flush();
                }
            }
        }
    }
}
