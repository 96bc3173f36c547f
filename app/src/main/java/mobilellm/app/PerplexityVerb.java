package mobilellm.app;

import mobilellm.MobileLlm;
import mobilellm.config.Precision;
import mobilellm.engine.Session;
import mobilellm.evaluation.Divergence;
import mobilellm.evaluation.Perplexity;
import mobilellm.evaluation.Predictions;
import mobilellm.evaluation.Windows;
import mobilellm.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/// `mobilellm perplexity [MODEL] --file F`
@Command(
        customSynopsis = "mobilellm perplexity [MODEL] --file FILE | --jsonl FILE [options]",
        description = {
            "How well a model predicts a text: its perplexity for a token, a word and a byte. The"
                    + " text is cut into windows, each of which starts from nothing.",
            "",
            "With --baseline also how far its predictions lie from those of another model: what"
                    + " quantising has cost, for instance.",
        },
        footer = {
            "  mobilellm perplexity smollm2:135m --file README.md --window 512",
            "  mobilellm perplexity q4.gguf --baseline f16.gguf --file README.md --window 512",
            "  mobilellm perplexity tiny --file README.md --sharing immediate:2:first-visit --json"
        })
final class PerplexityVerb implements Verb {
    private static final int LONGEST_DEFAULT_WINDOW = 2048;
    private static final int LLAMA_CPP_WINDOW = 512;

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "the model")
    @Nullable String name;

    @Option(names = "--file", paramLabel = "FILE", description = "the text of a file (- is stdin)")
    @Nullable String file;

    @Option(
            names = "--jsonl",
            paramLabel = "FILE",
            description =
                    "many texts, one {\"text\": ...} a line, one after the other with the token"
                            + " that ends a text behind each (- is stdin)")
    @Nullable String jsonl;

    @Option(
            names = "--window",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "tokens of a window (default: 2048, or the context if that is less)")
    @Nullable Integer window;

    @Option(
            names = "--stride",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = {
                "tokens from one window to the next (default: as many as a window has);",
                "a smaller one is slower and gives each token more to go by"
            })
    @Nullable Integer stride;

    @Option(
            names = "--limit",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "only the first N windows")
    int limit = Integer.MAX_VALUE;

    @Option(
            names = "--protocol",
            paramLabel = "NAME",
            converter = ProtocolConverter.class,
            description = {
                "papers (default): every token of a window but the first is predicted;",
                "llama.cpp: those of its second half, as llama-perplexity counts (windows of 512)"
            })
    String protocol = ProtocolConverter.PAPERS;

    @Option(
            names = "--baseline",
            paramLabel = "MODEL",
            description =
                    "compare with this model on the same tokens: Kullback-Leibler divergence, how"
                            + " often both find the same token most probable")
    @Nullable String baseline;

    @Option(
            names = "--baseline-kernels",
            paramLabel = "NAME",
            converter = KernelConverter.class,
            description = "kernels of the baseline (default: the same as --kernels)")
    @Nullable String baselineKernels;

    @Option(
            names = "--baseline-kv",
            paramLabel = "TYPE",
            converter = KeyValueTypeConverter.class,
            description =
                    "element type of the baseline's key/value cache (default: the same as --kv)")
    @Nullable String baselineKeyValueType;

    @Option(
            names = "--baseline-precision",
            paramLabel = "NAME",
            converter = PrecisionConverter.class,
            description = "precision of the baseline (default: the same as --precision)")
    @Nullable Precision baselinePrecision;

    @Mixin ModelOptions model = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();
    @Mixin KernelOption kernel = new KernelOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        check();
        Models models = new Models(context);
        Models.Located located = models.locate(name, model.download.yes);
        Optional<Models.Located> other =
                baseline == null
                        ? Optional.empty()
                        : Optional.of(models.locate(baseline, model.download.yes));
        EvaluationText text = EvaluationText.read(file, jsonl, context);
        try (MobileLlm loaded = ModelLoader.load(context, located, model, engine, kernel.kernels)) {
            int[] ids = text.encode(loaded.tokenizer());
            Windows windows = windows(loaded);
            int count = Math.min(limit, windows.count(ids.length));
            PerplexityProgress progress = new PerplexityProgress(context.notes(), count);
            PerplexityReport.Measured measured =
                    new PerplexityReport.Measured(text, ids.length, windows, count);
            if (other.isPresent()) {
                Divergence divergence =
                        divergence(context, other.get(), loaded, windows, ids, progress);
                DivergenceReport.print(context, divergence, measured);
            } else {
                try (Session session = loaded.session()) {
                    Perplexity result = windows.measure(session, ids, limit, progress::window);
                    context.notes().clearTransientLine();
                    PerplexityReport.print(context, result, measured);
                }
            }
        }
    }

    /// @throws UsageException if the options contradict each other
    private void check() {
        if ((file == null) == (jsonl == null)) {
            throw new UsageException("give the text with one of --file and --jsonl");
        }
        if (window != null && stride != null && stride > window) {
            throw new UsageException(
                    "--stride %d is longer than --window %d: tokens between them would be lost"
                            .formatted(stride, window));
        }
        if (stride != null && isLikeLlamaCpp()) {
            throw new UsageException(
                    "--stride contradicts --protocol llama.cpp, whose windows do not overlap");
        }
        if (baseline == null && baselineKernels != null) {
            throw new UsageException("--baseline-kernels needs --baseline");
        }
        if (baseline == null && baselineKeyValueType != null) {
            throw new UsageException("--baseline-kv needs --baseline");
        }
        if (baseline == null && baselinePrecision != null) {
            throw new UsageException("--baseline-precision needs --baseline");
        }
        ModelLoader.checkKernels(kernel.kernels);
    }

    private boolean isLikeLlamaCpp() {
        return protocol.equals(ProtocolConverter.LLAMA_CPP);
    }

    private Windows windows(MobileLlm loaded) {
        int usual = isLikeLlamaCpp() ? LLAMA_CPP_WINDOW : LONGEST_DEFAULT_WINDOW;
        int length = window == null ? Math.min(usual, loaded.contextLength()) : window;
        if (isLikeLlamaCpp()) {
            Tokenizer tokenizer = loaded.tokenizer();
            return Windows.secondHalves(
                    length, tokenizer.addBos() ? tokenizer.bos() : OptionalInt.empty());
        }
        return new Windows(length, stride == null ? length : stride);
    }

    private Divergence divergence(
            Context context,
            Models.Located other,
            MobileLlm loaded,
            Windows windows,
            int[] ids,
            PerplexityProgress progress)
            throws IOException {
        String kernels = baselineKernels == null ? kernel.kernels : baselineKernels;
        ModelLoader.checkKernels(kernels);
        // What the file says: --sharing is the model's.
        ModelOptions options = new ModelOptions();
        options.context = model.context;
        try (MobileLlm second = ModelLoader.load(context, other, options, ofBaseline(), kernels);
                Session session = loaded.session();
                Session reference = second.session()) {
            checkVocabulary(loaded, second, ids);
            Divergence divergence =
                    windows.compare(
                            session, Predictions.of(reference), ids, limit, progress::window);
            context.notes().clearTransientLine();
            return divergence;
        }
    }

    private EngineOptions ofBaseline() {
        EngineOptions options = new EngineOptions();
        options.threads = engine.threads;
        options.keyValueType =
                baselineKeyValueType == null ? engine.keyValueType : baselineKeyValueType;
        options.precision = baselinePrecision == null ? engine.precision : baselinePrecision;
        return options;
    }

    /// @throws IllegalArgumentException if the ids of the text are not the same text to the baseline
    private static void checkVocabulary(MobileLlm model, MobileLlm baseline, int[] ids) {
        int size = model.config().vocabularySize();
        int other = baseline.config().vocabularySize();
        if (size != other) {
            throw new IllegalArgumentException(
                    "the model has %d tokens and the baseline %d: their predictions can be compared only over the same vocabulary"
                            .formatted(size, other));
        }
        if (!model.tokenizer().decode(ids, true).equals(baseline.tokenizer().decode(ids, true))) {
            throw new IllegalArgumentException(
                    "the baseline reads the ids of the text as another text: their predictions can"
                            + " be compared only over the same vocabulary");
        }
    }
}
