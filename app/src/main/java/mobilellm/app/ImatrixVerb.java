package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.evaluation.Perplexity;
import mobilellm.evaluation.Windows;
import mobilellm.file.OutputFile;
import mobilellm.kernel.Kernels;
import mobilellm.quantisation.ImportanceMatrix;
import mobilellm.quantisation.ImportanceRun;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/// `mobilellm imatrix [MODEL] --file TEXT --out FILE`
@Command(
        customSynopsis = "mobilellm imatrix [MODEL] --file TEXT --out FILE [options]",
        description = {
            "Measures on a text how large the numbers are that each column of a model's matrices is"
                    + " multiplied with: 'mobilellm quantize --imatrix' then rounds with care where"
                    + " it counts.",
        },
        footer = {
            "  mobilellm imatrix model.gguf --file text.txt --out imatrix.gguf",
            "  mobilellm imatrix model.gguf --file more.txt --merge imatrix.gguf --out both.gguf"
        })
final class ImatrixVerb implements Verb {
    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "the model")
    @Nullable String name;

    @Option(
            names = "--file",
            paramLabel = "TEXT",
            required = true,
            description = "text of the kind that the model will meet (- is stdin)")
    String file = "";

    @Option(
            names = "--out",
            paramLabel = "FILE",
            required = true,
            description = "the file to write")
    Path out = Path.of("");

    @Option(
            names = "--merge",
            paramLabel = "FILE",
            description = "add to what an earlier run wrote")
    @Nullable Path merge;

    @Option(
            names = "--window",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "tokens that the model reads at once (default: ${DEFAULT-VALUE})")
    int window = 512;

    @Option(
            names = "--limit",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "only the first N windows")
    int limit = Integer.MAX_VALUE;

    @Option(names = "--force", description = "replace the file if it is there")
    boolean force;

    @Mixin ThreadsOption threads = new ThreadsOption();

    @Mixin DownloadOption download = new DownloadOption();

    @Mixin KernelOption kernel = new KernelOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        ModelLoader.checkKernels(kernel.kernels);
        Models.Located located = new Models(context).locate(name, download.yes);
        EvaluationText text = EvaluationText.read(file, null, context);
        try (Checkpoint checkpoint = Checkpoint.open(located.path());
                OutputFile output = OutputFile.create(out, force)) {
            ModelLoader.tell(context, checkpoint.warnings());
            int[] ids = text.encode(checkpoint.tokenizer());
            int length =
                    Math.min(window, Math.min(ids.length, checkpoint.config().contextLength()));
            Windows windows = new Windows(length, length);
            int count = Math.min(limit, windows.count(ids.length));
            WorkProgress progress = new WorkProgress(context.notes(), "running the text", count);
            Perplexity[] last = new Perplexity[1];
            ImportanceMatrix matrix =
                    ImportanceRun.run(
                            checkpoint,
                            Texts.name(file),
                            ids,
                            windows,
                            limit,
                            Kernels.of(kernel.kernels),
                            threads.count(),
                            soFar -> {
                                last[0] = soFar;
                                progress.add(1);
                            });
            ImportanceMatrix all =
                    merge == null ? matrix : ImportanceMatrix.read(merge).plus(matrix);
            all.write(output);
            OutputFile.Written written = output.commit();
            context.notes().clearTransientLine();
            print(context, all, last[0], written);
        }
    }

    private static void print(
            Context context,
            ImportanceMatrix matrix,
            Perplexity perplexity,
            OutputFile.Written written) {
        if (context.json()) {
            Map<String, Object> object = WrittenJson.of(written);
            object.put("matrices", matrix.matrices().size());
            object.put("chunks", matrix.chunks());
            object.put("datasets", matrix.datasets());
            object.put("perplexity", perplexity.perplexity());
            context.output().json(object);
            return;
        }
        context.output()
                .line(
                        "%s: %d matrices, from %d windows of text, %s"
                                .formatted(
                                        Text.printable(written.path().toString()),
                                        matrix.matrices().size(),
                                        matrix.chunks(),
                                        Text.bytes(written.bytes())));
        context.output()
                .line(
                        String.format(
                                Locale.ROOT,
                                "the model predicts this text with a perplexity of %.2f",
                                perplexity.perplexity()));
    }
}
