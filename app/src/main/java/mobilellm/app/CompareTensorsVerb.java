package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.file.OutputFile;
import mobilellm.quantisation.TensorComparison;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;

/// `mobilellm compare-tensors A B`
@Command(
        customSynopsis = "mobilellm compare-tensors A B [options]",
        description = {
            "How far the weights of B lie from those of A, tensor by tensor, the farthest first."
                    + " The two may have different formats and types."
        },
        footer = {
            "  mobilellm compare-tensors model.gguf small.gguf",
            "  mobilellm compare-tensors SmolLM2-135M small.gguf --html difference.html"
        })
final class CompareTensorsVerb implements Verb {
    @Parameters(index = "0", paramLabel = "A", description = "the model that is right")
    String first = "";

    @Parameters(index = "1", paramLabel = "B", description = "the model that is measured")
    String second = "";

    @Option(
            names = "--top",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "show so many tensors (default: ${DEFAULT-VALUE}); --json tells all")
    int top = 20;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "write a page with all tensors, and with plots over the depth")
    @Nullable Path html;

    @Option(names = "--force", description = "replace the page if it is there")
    boolean force;

    @Mixin ThreadsOption threads = new ThreadsOption();

    @Mixin DownloadOption download = new DownloadOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        Models models = new Models(context);
        Path a = models.locate(first, download.yes).path();
        Path b = models.locate(second, download.yes).path();
        if (html == null) {
            compare(context, a, b);
            return;
        }
        try (OutputFile page = OutputFile.create(html, force, a, b)) {
            String text = compare(context, a, b).html();
            page.write(text);
            page.commit();
        }
    }

    private TensorReport compare(Context context, Path a, Path b) throws IOException {
        try (Checkpoint one = Checkpoint.open(a);
                Checkpoint other = Checkpoint.open(b)) {
            ModelLoader.tell(context, one.warnings());
            ModelLoader.tell(context, other.warnings());
            long weights =
                    one.tensors().all().values().stream()
                            .mapToLong(linear -> linear.stored().shape().elements())
                            .sum();
            WorkProgress progress = new WorkProgress(context.notes(), "comparing", weights);
            TensorComparison comparison =
                    TensorComparison.of(one, other, threads.count(), progress::add);
            one.requireUnchanged();
            other.requireUnchanged();
            context.notes().clearTransientLine();
            TensorReport report = new TensorReport(first, second, comparison);
            report.print(context, top);
            return report;
        }
    }
}
