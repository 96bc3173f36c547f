package mobilellm.app;

import mobilellm.MobileLlm;
import mobilellm.engine.Session;
import mobilellm.evaluation.Perplexity;
import mobilellm.evaluation.Windows;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// `mobilellm perplexity [MODEL] --file F`
@Command(
        customSynopsis = "mobilellm perplexity [MODEL] --file FILE | --jsonl FILE [options]",
        description = {
            "How well a model predicts a text: its perplexity for a token, a word and a byte. The"
                    + " text is cut into windows, each of which starts from nothing.",
        },
        footer = {
            "  mobilellm perplexity smollm2:135m --file README.md --window 512",
            "  mobilellm perplexity tiny --file README.md --sharing immediate:2:first-visit --json"
        })
final class PerplexityVerb implements Verb {
    private static final int LONGEST_DEFAULT_WINDOW = 2048;

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

    @Mixin ModelOptions model = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();
    @Mixin KernelOption kernel = new KernelOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        if ((file == null) == (jsonl == null)) {
            throw new UsageException("give the text with one of --file and --jsonl");
        }
        if (window != null && stride != null && stride > window) {
            throw new UsageException(
                    "--stride %d is longer than --window %d: tokens between them would be lost"
                            .formatted(stride, window));
        }
        ModelLoader.checkKernels(kernel.kernels);
        Models.Located located = new Models(context).locate(name, model.yes);
        EvaluationText text = EvaluationText.read(file, jsonl, context);
        try (MobileLlm loaded = ModelLoader.load(context, located, model, engine, kernel.kernels);
                Session session = loaded.session()) {
            int[] ids = text.encode(loaded.tokenizer());
            Windows windows = windows(loaded.contextLength());
            int count = Math.min(limit, windows.count(ids.length));
            Progress progress = new Progress(context.notes(), count);
            Perplexity result = windows.measure(session, ids, limit, progress::window);
            context.notes().clearTransientLine();
            print(context, new Answer(result, ids.length, text, windows, count));
        }
    }

    private Windows windows(int contextLength) {
        int length = window == null ? Math.min(LONGEST_DEFAULT_WINDOW, contextLength) : window;
        return new Windows(length, stride == null ? length : stride);
    }

    /// The estimate so far: on a terminal one line that changes, elsewhere a line every 10 %.
    private static final class Progress {
        private final Notes notes;
        private final int windows;
        private int done;

        Progress(Notes notes, int windows) {
            this.notes = notes;
            this.windows = windows;
        }

        void window(Perplexity soFar) {
            int tenth = 10 * done / windows;
            done++;
            String line =
                    String.format(
                            Locale.ROOT,
                            "window %d of %d: perplexity %.3f ± %.3f",
                            done,
                            windows,
                            soFar.perplexity(),
                            soFar.perplexityError());
            if (notes.isAnimated()) {
                notes.transientLine(line);
            } else if (10 * done / windows > tenth && done < windows) {
                notes.note(line);
            }
        }
    }

    /// What is told in the end.
    ///
    /// @param tokens of the whole text
    /// @param count windows that were run
    private record Answer(
            Perplexity result, int tokens, EvaluationText text, Windows windows, int count) {
        double words() {
            return result.perUnit(tokens, text.words());
        }

        double bytes() {
            return result.perUnit(tokens, text.bytes());
        }

        double bits() {
            return result.bitsPerByte(tokens, text.bytes());
        }
    }

    private static void print(Context context, Answer answer) {
        if (context.json()) {
            context.output().json(json(answer));
        } else {
            lines(answer).forEach(context.output()::line);
        }
    }

    private static Map<String, Object> json(Answer answer) {
        Perplexity result = answer.result();
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("perplexity", result.perplexity());
        object.put("stderr", result.perplexityError());
        object.put("loss", result.loss());
        if (Double.isFinite(answer.words())) {
            object.put("word_perplexity", answer.words());
        }
        object.put("byte_perplexity", answer.bytes());
        object.put("bits_per_byte", answer.bits());
        object.put("tokens", result.tokens());
        object.put("windows", answer.count());
        object.put("window", answer.windows().length());
        object.put("stride", answer.windows().stride());
        return object;
    }

    private static List<String> lines(Answer answer) {
        Perplexity result = answer.result();
        Windows windows = answer.windows();
        return List.of(
                String.format(
                        Locale.ROOT,
                        "perplexity %.4f ± %.4f (loss %.5f)",
                        result.perplexity(),
                        result.perplexityError(),
                        result.loss()),
                String.format(
                        Locale.ROOT,
                        "word perplexity %.2f, byte perplexity %.4f, %.4f bits per byte",
                        answer.words(),
                        answer.bytes(),
                        answer.bits()),
                "tokens predicted: %d, in %d windows of %d, stride %d"
                        .formatted(
                                result.tokens(),
                                answer.count(),
                                windows.length(),
                                windows.stride()));
    }
}
