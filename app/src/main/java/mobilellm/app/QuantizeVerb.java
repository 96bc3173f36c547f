package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.file.OutputFile;
import mobilellm.gguf.GgufFile;
import mobilellm.quantisation.Care;
import mobilellm.quantisation.GgufModel;
import mobilellm.quantisation.ImportanceMatrix;
import mobilellm.quantisation.ModelQuantiser;
import mobilellm.quantisation.TypeRules;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// `mobilellm quantize IN OUT --type T`
@Command(
        customSynopsis =
                "mobilellm quantize IN OUT --type TYPE | --target BITS | --max-kl NATS [options]",
        description = {
            "Writes a model with smaller types as a GGUF file, and tells how many bits a weight has"
                    + " then. Norms and biases become F32; the matrix that makes the logits gets"
                    + " q8_0 where the others are smaller.",
        },
        footer = {
            "  mobilellm quantize model.gguf small.gguf --type q4_0",
            "  mobilellm quantize model.gguf small.gguf --type iq4_nl --imatrix imatrix.gguf"
                    + " --tensor-type ffn_down=q5_0",
            "  mobilellm quantize model.gguf small.gguf --target 4.8bpw --file text.txt"
        })
final class QuantizeVerb implements Verb {
    @Parameters(index = "0", paramLabel = "IN", description = "the model")
    String in = "";

    @Parameters(index = "1", paramLabel = "OUT", description = "the file to write")
    Path out = Path.of("");

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            converter = TypeConverter.class,
            description = {
                "of all matrices: f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0 or iq4_nl"
            })
    @Nullable DType type;

    @Option(
            names = "--tensor-type",
            paramLabel = "REGEX=TYPE",
            converter = TypeRuleConverter.class,
            description =
                    "another type for the matrices whose name has REGEX in it; the first that fits"
                            + " decides")
    List<TypeRules.Rule> rules = List.of();

    @Option(
            names = "--search",
            description = "search for better scales: smaller errors at equal size, but slower")
    boolean search;

    @Option(
            names = "--imatrix",
            paramLabel = "FILE",
            description = "search with an importance matrix ('mobilellm imatrix' makes one)")
    @Nullable Path imatrix;

    @Option(names = "--force", description = "replace OUT if it is there")
    boolean force;

    @Mixin ThreadsOption threads = new ThreadsOption();

    @Mixin DownloadOption download = new DownloadOption();

    @Mixin TypeChooser chooser = new TypeChooser();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        chooser.check();
        if (chooser.isWanted() == (type != null)) {
            throw new UsageException("give one of --type, --target and --max-kl");
        }
        if (chooser.isWanted() && !rules.isEmpty()) {
            throw new UsageException("--tensor-type goes with --type, not with types chosen");
        }
        Models.Located located = new Models(context).locate(in, download.yes);
        Optional<ImportanceMatrix> importance =
                imatrix == null ? Optional.empty() : Optional.of(ImportanceMatrix.read(imatrix));
        // First of all: what cannot be written is known before minutes were spent on it.
        try (OutputFile output = OutputFile.create(out, force, located.path());
                GgufCopy source = GgufCopy.of(located.path(), context);
                Checkpoint checkpoint = Checkpoint.open(source.path());
                GgufFile file = GgufFile.open(source.path())) {
            ModelLoader.tell(context, checkpoint.warnings());
            GgufModel model = new GgufModel(file.typedMetadata(), file.tensors());
            tellOfSource(context, model);
            Care care = new Care(search || imatrix != null, importance);
            int team = threads.count();
            Optional<TypeChooser.Mix> mix =
                    type == null
                            ? Optional.of(chooser.choose(context, checkpoint, model, care, team))
                            : Optional.empty();
            TypeRules.Choice types =
                    mix.isPresent()
                            ? mix.get().types()
                            : new TypeRules(Objects.requireNonNull(type), rules).apply(model);
            types.notes().forEach(context.notes()::note);
            ModelQuantiser quantiser = new ModelQuantiser(types, care, team);
            WorkProgress progress =
                    new WorkProgress(context.notes(), "quantising", model.elements());
            quantiser.write(model, output, progress::add);
            checkpoint.requireUnchanged();
            OutputFile.Written written = output.commit();
            context.notes().clearTransientLine();
            QuantizeReport.print(context, quantiser, model, written, mix, progress.seconds());
        }
    }

    /// Rounding what was rounded before adds to its error, and nobody sees it in the result.
    private static void tellOfSource(Context context, GgufModel model) {
        Set<DType> quantised =
                model.tensors().stream()
                        .map(Tensor::type)
                        .filter(DType::isQuantised)
                        .collect(Collectors.toCollection(() -> EnumSet.noneOf(DType.class)));
        if (!quantised.isEmpty()) {
            context.notes()
                    .note(
                            "the source is quantised (%s): what is rounded again keeps both errors; better start from F16, BF16 or F32"
                                    .formatted(
                                            quantised.stream()
                                                    .map(DType::name)
                                                    .collect(Collectors.joining(", "))));
        }
    }
}
