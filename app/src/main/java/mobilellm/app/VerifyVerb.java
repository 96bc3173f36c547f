package mobilellm.app;

import mobilellm.MobileLlm;
import mobilellm.engine.Session;
import mobilellm.evaluation.ReferenceOutputs;
import mobilellm.evaluation.ReferenceSequence;
import mobilellm.evaluation.Verification;
import mobilellm.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// `mobilellm verify [MODEL] --reference DIR`
@Command(
        description = {
            "Compares a model with outputs that another program has computed for it: logits,"
                    + " greedy continuations, ids of texts. Fails where they differ.",
            "",
            "Plain loops in 32 bits compute unless --kernels says otherwise: the other kernels"
                    + " round activations of quantised models to 8 bits.",
        },
        footer = {
            "  mobilellm verify smollm2:135m --reference fixtures/smollm2",
            "  mobilellm verify model.gguf --reference outputs --tolerance 0.0005 --json"
        })
final class VerifyVerb implements Verb {
    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "the model")
    @Nullable String name;

    @Option(
            names = "--reference",
            paramLabel = "DIR",
            required = true,
            description =
                    "folder of prompts.json and logits.safetensors, or of expected.json and"
                            + " expected.safetensors")
    Path reference = Path.of("");

    @Option(
            names = "--tolerance",
            paramLabel = "X",
            description = "largest difference of a logit that passes (default: 0.002)")
    double tolerance = 2e-3;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            converter = KernelConverter.class,
            description = "what computes: scalar (default), or any that 'logits' knows")
    String kernels = "scalar";

    @Mixin ModelOptions model = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();

    VerifyVerb() {
        engine.keyValueType = "f32"; // half precision alone would pass the tolerance
    }

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        ModelLoader.checkKernels(kernels);
        if (!(tolerance >= 0)) {
            throw new UsageException("--tolerance must not be negative, got " + tolerance);
        }
        Models.Located located = new Models(context).locate(name, model.download.yes);
        try (MobileLlm loaded = ModelLoader.load(context, located, model, engine, kernels);
                Session session = loaded.session()) {
            List<ReferenceSequence> sequences =
                    ReferenceOutputs.read(reference, loaded.config().sharing());
            boolean texts = sequences.stream().anyMatch(sequence -> sequence.text().isPresent());
            Optional<Tokenizer> tokenizer =
                    texts ? Optional.of(loaded.tokenizer()) : Optional.empty();
            Verification result =
                    Verification.of(
                            session,
                            tokenizer,
                            sequences,
                            sequence ->
                                    context.notes()
                                            .transientLine(
                                                    "comparing " + Text.printable(sequence)));
            context.notes().clearTransientLine();
            print(context, result, sequences.size());
            judge(result);
        }
    }

    private void print(Context context, Verification result, int sequences) {
        if (context.json()) {
            context.output().json(json(result));
        } else {
            lines(result, sequences).forEach(context.output()::line);
        }
        context.output().flush();
    }

    private Map<String, Object> json(Verification result) {
        Verification.Worst worst = result.worst();
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("max_abs_error", worst.error());
        object.put("tolerance", tolerance);
        object.put("positions", result.positions());
        Map<String, Object> where = new LinkedHashMap<>();
        where.put("sequence", worst.sequence());
        where.put("position", worst.position());
        where.put("token", worst.token());
        where.put("logit", worst.logit());
        where.put("expected", worst.expected());
        object.put("worst", where);
        object.put("mismatches", result.mismatches());
        object.put("continuations", result.greedyCompared());
        object.put("continuations_differing", result.greedyDiffering());
        object.put("texts", result.textsCompared());
        object.put("texts_differing", result.textsDiffering());
        return object;
    }

    private List<String> lines(Verification result, int sequences) {
        Verification.Worst worst = result.worst();
        return List.of(
                String.format(
                        Locale.ROOT,
                        "logits: %d positions of %d sequences; the largest difference is %.2e"
                                + " (tolerance %.1e):",
                        result.positions(),
                        sequences,
                        worst.error(),
                        tolerance),
                String.format(
                        Locale.ROOT,
                        "  sequence %s, position %d, token %d: %.6f, expected %.6f",
                        Text.printable(worst.sequence()),
                        worst.position(),
                        worst.token(),
                        worst.logit(),
                        worst.expected()),
                counts("greedy continuations", result.greedyCompared(), result.greedyDiffering()),
                counts("texts as ids", result.textsCompared(), result.textsDiffering()));
    }

    private static String counts(String what, int compared, List<String> differing) {
        String equal = "%s: %d of %d equal".formatted(what, compared - differing.size(), compared);
        return differing.isEmpty()
                ? equal
                : equal + "; others are " + Text.printable(String.join(", ", differing));
    }

    private void judge(Verification result) throws IOException {
        if (result.worst().error() > tolerance || result.mismatches() > 0) {
            throw new IOException(
                    String.format(
                            Locale.ROOT,
                            "the model differs from the reference: largest difference of a logit"
                                    + " %.2e, tolerance %.1e; %d continuations or texts differ",
                            result.worst().error(),
                            tolerance,
                            result.mismatches()));
        }
    }
}
